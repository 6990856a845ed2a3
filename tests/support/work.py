"""Count work instead of measuring time: the same on every machine, however busy."""

import sys
from collections.abc import Callable
from types import FrameType


def work_of(job: Callable[[], object]) -> int:
    """Return how many functions, Python's and C's, the job calls."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        job()
    finally:
        sys.setprofile(before)
    return calls
