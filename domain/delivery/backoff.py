"""When a message that was put off is tried again, and when it is given up.

RFC 5321 4.5.4.1 asks for retries at least 30 minutes apart in the long run, a few early ones, and
several days before giving up; greylisting wants the first after about 15 minutes.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import msgspec

from domain.delivery.smtp_reply import Cause

MAX_HINT_S = 4 * 3600

_HINT = re.compile(
    r"(?:try again|retry|again|wait)[a-z ]{0,20}?\b(?:in|after|for)? ?(\d{1,6}) ?"
    r"(s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?)\b",
    re.IGNORECASE,
)
_UNIT_S = {"s": 1, "m": 60, "h": 3600}


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The curve of one lane: `first_s` after the first attempt, then times `factor`, capped."""

    first_s: int
    factor: float
    max_s: int
    expire_after_s: int


class RetrySchedule(msgspec.Struct, frozen=True, kw_only=True):
    """The curves of one kind of mail: by what was refused, else the usual one."""

    usual: RetryPolicy
    by_cause: Mapping[Cause, RetryPolicy] = MappingProxyType({})

    def policy(self, cause: Cause) -> RetryPolicy:
        """Return the curve for a refusal about this."""
        return self.by_cause.get(cause, self.usual)


_BULK_LIFE_S = 72 * 3600
_TRANSACTIONAL_LIFE_S = 24 * 3600
BULK = RetryPolicy(first_s=15 * 60, factor=2.0, max_s=4 * 3600, expire_after_s=_BULK_LIFE_S)
# A login code is worthless tomorrow: early and often, and never after a day.
TRANSACTIONAL = RetryPolicy(
    first_s=60, factor=2.0, max_s=30 * 60, expire_after_s=_TRANSACTIONAL_LIFE_S
)
RETRY_POLICIES = {"bulk": BULK, "transactional": TRANSACTIONAL}


def _of_kind(
    *, full: tuple[int, int], slowed: tuple[int, int], life_s: int
) -> Mapping[Cause, RetryPolicy]:
    """Return what differs from the usual, as (first, longest) waits in seconds.

    A full mailbox is seldom emptied within the hour. "Too fast" and "not now" are about us: the
    lane slows down (`reputation_rules`), and the person need not wait long once it may go on.
    """
    slow = RetryPolicy(first_s=slowed[0], factor=2.0, max_s=slowed[1], expire_after_s=life_s)
    return MappingProxyType(
        {
            Cause.MAILBOX_FULL: RetryPolicy(
                first_s=full[0], factor=2.0, max_s=full[1], expire_after_s=life_s
            ),
            Cause.RATE: slow,
            Cause.CONNECTION: slow,
        }
    )


BULK_SCHEDULE = RetrySchedule(
    usual=BULK,
    by_cause=_of_kind(full=(3600, 8 * 3600), slowed=(5 * 60, 3600), life_s=_BULK_LIFE_S),
)
TRANSACTIONAL_SCHEDULE = RetrySchedule(
    usual=TRANSACTIONAL,
    by_cause=_of_kind(full=(15 * 60, 2 * 3600), slowed=(30, 300), life_s=_TRANSACTIONAL_LIFE_S),
)


def retry_after_s(
    policy: RetryPolicy, *, attempt: int, jitter: float, hint_s: int | None = None
) -> float:
    """Return the wait after the given attempt (the first is 1), with `jitter` in 0..1.

    Without a hint the wait lies between 75 % and 125 % of the curve. A hint given by the server
    replaces the curve and is only ever lengthened (by up to 25 %, at least a second), never cut.
    """
    if hint_s is not None:
        wait = float(min(max(hint_s, 1), MAX_HINT_S))
        return wait + jitter * max(wait / 4, 1.0)
    # The exponent is bounded so that a wild attempt number cannot overflow a float.
    curve = policy.first_s * policy.factor ** min(max(attempt, 1) - 1, 64)
    return min(curve, policy.max_s) * (0.75 + jitter / 2)


def next_attempt_at(
    policy: RetryPolicy,
    *,
    attempt: int,
    queued_at: datetime,
    now: datetime,
    jitter: float,
    hint_s: int | None = None,
    expires_at: datetime | None = None,
) -> datetime | None:
    """Return when to try again, or None when the message would be past its life by then.

    `expires_at` shortens the lane's own limit, for mail that is useless later.
    """
    limit = queued_at + timedelta(seconds=policy.expire_after_s)
    if expires_at is not None:
        limit = min(limit, expires_at)
    wait = retry_after_s(policy, attempt=attempt, jitter=jitter, hint_s=hint_s)
    due = now + timedelta(seconds=wait)
    return due if due < limit else None


def retry_hint_s(text: str) -> int | None:
    """Read "try again in 300 seconds" and its relatives out of a reply's text."""
    found = _HINT.search(text)
    if found is None:
        return None
    return min(int(found[1]) * _UNIT_S[found[2][0].lower()], MAX_HINT_S)
