"""What a benchmark is and how its figures are kept."""

import time
from collections.abc import Callable

import msgspec


class Measured(msgspec.Struct, frozen=True):
    """Our rate beside the bare limit's, both of this run; `ratio` is ours over limit."""

    name: str
    ours: float
    limit: float
    ratio: float
    unit: str


def measured(name: str, *, ours: float, limit: float, unit: str) -> Measured:
    """Round the figures to what they are worth."""
    return Measured(name, round(ours, 1), round(limit, 1), round(ours / limit, 3), unit)


def rate(count: int, work: Callable[[], object]) -> float:
    """Return how many of `count` things a second the work does."""
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)
