"""What a benchmark is and how its figures are kept."""

import time
from collections.abc import Callable, Mapping, Sequence

import msgspec


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One figure beside its limit, both of this run; `ratio` is ours over limit.

    A rate has the bare machine or a rival for its limit and should come near it or pass it; a
    time, a size or a count has its bound for a limit and should stay below. `wanted` says which
    ratio is enough, `holds` whether it was reached; `detail` are further figures, unit in the name.
    """

    name: str
    ours: float
    limit: float
    ratio: float
    unit: str
    wanted: str = ""
    holds: bool = True
    detail: Mapping[str, float] = {}


def measured(
    name: str,
    *,
    ours: float,
    limit: float,
    unit: str,
    at_least: float | None = None,
    at_most: float | None = None,
    detail: Mapping[str, float] | None = None,
) -> Measured:
    """Round the figures to what they are worth; a limit of 0 makes the figure itself the ratio."""
    ratio = ours / limit if limit else ours
    low = 0.0 if at_least is None else at_least
    high = float("inf") if at_most is None else at_most
    bounds = ((">=", at_least), ("<=", at_most))
    return Measured(
        name=name,
        ours=round(ours, 1),
        limit=round(limit, 1),
        ratio=round(ratio, 3),
        unit=unit,
        wanted=" and ".join(f"{sign} {to:g}" for sign, to in bounds if to is not None),
        holds=low <= ratio <= high,
        detail={key: round(value, 3) for key, value in (detail or {}).items()},
    )


def rate(count: int, work: Callable[[], object]) -> float:
    """Return how many of `count` things a second the work does."""
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


def rates(
    count: int, pairs: Sequence[tuple[Callable[[], object], Callable[[], object]]]
) -> tuple[float, float]:
    """Do (ours, limit) in turns and return the rate of each; `count` things are in one work.

    Whatever else the machine does meanwhile meets both.
    """
    ours = limit = 0.0
    for at, (our, bare) in enumerate(pairs):
        # The first of a pair finds the caches cold: each goes first in turn.
        for work in (our, bare) if at % 2 else (bare, our):
            took = count / rate(count, work)
            ours, limit = (ours + took, limit) if work is our else (ours, limit + took)
    return count * len(pairs) / ours, count * len(pairs) / limit


def quantile(values: Sequence[float], part: float) -> float:
    """Return the value that `part` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
