"""When a sending domain is looked at next."""

from datetime import timedelta

from domain.delivery.sending_domain import Status

WAITING = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60))  # then hourly for as long as it waits
VERIFIED = timedelta(hours=6)
DOUBTFUL = timedelta(minutes=30)  # three looks within BROKEN_AFTER
JITTER = 0.2


def next_look(status: Status, *, checks: int, misses: int, jitter: float) -> timedelta:
    """Return how long to wait after the look number `checks` (from 1); `jitter` is in 0..1."""
    if status is not Status.VERIFIED:
        pause = WAITING[min(checks, len(WAITING)) - 1]
    else:
        pause = DOUBTFUL if misses else VERIFIED
    return pause * (1 + JITTER * jitter)
