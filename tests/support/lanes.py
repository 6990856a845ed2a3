"""Lanes in words: counts of windows and days, and the place they are about."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.delivery.lane import ALL, Place
from domain.delivery.reputation import Kind, Tally, Window, Witness
from domain.delivery.warm_up import Day

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
PLACE = Place("acme.example", "google")
OF_DOMAIN = Place("acme.example", ALL)
OF_WORKSPACE = Place(ALL, ALL)


def later(**span: float) -> datetime:
    return NOON + timedelta(**span)


def tally(**counts: int) -> Tally:
    """Count, with a witness for each kind."""
    kinds = {Kind(name): count for name, count in counts.items()}
    witnesses = {kind: (Witness(UUID(int=n), "421 4.7.0"),) for n, kind in enumerate(kinds, 1)}
    return Tally(kinds, witnesses)


def latest(*, era: int = 0, **counts: int) -> Window:
    """A window of a few answers: the day and the last hundred are the same."""
    return Window(era=era, latest=tally(**counts), day=tally(**counts))


def day(*, full_hours: int = 4, **counts: int) -> Day:
    return Day(tally=tally(**counts), full_hours=full_hours)
