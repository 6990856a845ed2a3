"""Make the next thing in a thread while the caller is busy with the last: a two-step pipeline."""

import sys
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

SWITCH_S = 0.0005  # until a thread that computes lets one go on whose answer has come


def prefetched(things: Iterator[T]) -> Generator[T]:
    """Yield the same things in the same order, each made while the one before it is used.

    At most one thing waits. An error in the making is raised where the thing would have come;
    closing this iterator waits for what is being made. PostgreSQL works while Python does, since
    a wait for the socket lets other threads run. With Python's own 5 ms before a busy thread gives
    way, each of a batch's few round trips took 5 ms longer than PostgreSQL's answer.
    """
    sys.setswitchinterval(SWITCH_S)
    with ThreadPoolExecutor(1, thread_name_prefix="prefetch") as thread:
        coming = thread.submit(next, things, None)
        while (thing := coming.result()) is not None:
            coming = thread.submit(next, things, None)
            yield thing
