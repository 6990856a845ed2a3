"""When a message is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.delivery.backoff import (
    BULK,
    BULK_SCHEDULE,
    MAX_HINT_S,
    RETRY_POLICIES,
    TRANSACTIONAL,
    TRANSACTIONAL_SCHEDULE,
    RetrySchedule,
    next_attempt_at,
    retry_after_s,
    retry_hint_s,
)
from domain.delivery.smtp_reply import Phase, judge, parse_reply

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_first_bulk_retry_waits_out_greylisting() -> None:
    assert retry_after_s(BULK, attempt=1, jitter=0.5) == 15 * 60


def test_the_curve_doubles_up_to_its_cap() -> None:
    waits = [retry_after_s(BULK, attempt=attempt, jitter=0.5) / 60 for attempt in range(1, 8)]
    assert waits == [15, 30, 60, 120, 240, 240, 240]


def test_transactional_mail_comes_back_sooner_and_dies_sooner() -> None:
    assert RETRY_POLICIES == {"bulk": BULK, "transactional": TRANSACTIONAL}
    assert TRANSACTIONAL.first_s < BULK.first_s
    assert TRANSACTIONAL.expire_after_s < BULK.expire_after_s


@pytest.mark.parametrize(
    ("schedule", "reply", "minutes"),
    [
        # docs/retry.md has this table in words.
        (BULK_SCHEDULE, "450 4.2.0 greylisted", [15, 30, 60, 120, 240, 240]),
        (BULK_SCHEDULE, "451 4.3.5 configuration", [5, 10, 20, 40, 60, 60]),
        (BULK_SCHEDULE, "421 4.7.0 too many connections", [5, 10, 20, 40, 60, 60]),
        (BULK_SCHEDULE, "451 4.7.1 slow down", [5, 10, 20, 40, 60, 60]),
        (BULK_SCHEDULE, "452 4.2.2 mailbox full", [60, 120, 240, 480, 480]),
        (BULK_SCHEDULE, "450 mailbox busy", [15, 30, 60, 120, 240, 240]),
        (TRANSACTIONAL_SCHEDULE, "450 4.2.0 greylisted", [1, 2, 4, 8, 16, 30, 30]),
        (TRANSACTIONAL_SCHEDULE, "451 4.7.1 slow down", [0.5, 1, 2, 4, 5, 5]),
        (TRANSACTIONAL_SCHEDULE, "452 4.2.2 mailbox full", [15, 30, 60, 120, 120]),
    ],
)
def test_what_was_refused_says_how_long_to_wait(
    schedule: RetrySchedule, reply: str, minutes: list[float]
) -> None:
    code, _, text = reply.partition(" ")
    cause = judge(parse_reply(int(code), text), phase=Phase.RCPT).cause
    policy = schedule.policy(cause)
    waits = [retry_after_s(policy, attempt=n + 1, jitter=0.5) / 60 for n in range(len(minutes))]
    assert waits == minutes


def test_every_curve_of_a_kind_ends_with_its_life() -> None:
    for schedule, hours in ((BULK_SCHEDULE, 72), (TRANSACTIONAL_SCHEDULE, 24)):
        policies = [schedule.usual, *schedule.by_cause.values()]
        assert {policy.expire_after_s for policy in policies} == {hours * 3600}


def test_a_hint_replaces_the_curve() -> None:
    assert retry_after_s(BULK, attempt=5, jitter=0.0, hint_s=300) == 300
    assert retry_after_s(BULK, attempt=1, jitter=1.0, hint_s=1) == 2
    assert retry_after_s(BULK, attempt=1, jitter=0.0, hint_s=10**9) == MAX_HINT_S


def test_a_message_past_its_life_is_given_up() -> None:
    def due(now: datetime, expires_at: datetime | None = None) -> datetime | None:
        return next_attempt_at(
            BULK, attempt=1, queued_at=NOON, now=now, jitter=0.5, expires_at=expires_at
        )

    assert due(NOON) == NOON + timedelta(minutes=15)
    assert due(NOON + timedelta(hours=72)) is None
    assert due(NOON + timedelta(hours=71, minutes=46)) is None
    assert due(NOON, expires_at=NOON + timedelta(minutes=10)) is None
    assert due(NOON, expires_at=NOON + timedelta(minutes=20)) is not None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("mailbox busy, try again in 1 seconds", 1),
        ("greylisted, try again in 300 seconds", 300),
        ("Please retry after 5 minutes", 300),
        ("Try again in 2 hours", 7200),
        ("retry in 30s", 30),
        ("wait 90 sec", 90),
        ("try again in 99999 hours", MAX_HINT_S),
        ("try again later", None),
        ("error 450 in 3 mailboxes", None),
        ("queue id 12 s", None),
        ("", None),
    ],
)
def test_a_hint_is_read_out_of_the_text(text: str, seconds: int | None) -> None:
    assert retry_hint_s(text) == seconds
