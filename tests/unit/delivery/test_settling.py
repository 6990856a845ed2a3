"""What each answer of a relay becomes: a fact, and a task that is over or due later."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.delivery.events import (
    EmailBounced,
    EmailDeferred,
    EmailFailed,
    EmailSent,
    EmailSkipped,
    EmailUncertain,
    SkipReason,
)
from domain.delivery.smtp_reply import Phase, SmtpReply
from domain.shared.message_id import message_id
from domain.shared.model import Event
from infra.postgres.campaign_runs import CampaignRun
from infra.postgres.email_queue import Claimed
from infra.smtp.mail import Accepted, NotSent, Outcome, Refused, Uncertain
from workers.dispatching.settling import Settler

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LAUNCHED_MS = int(NOW.timestamp() * 1000) - 60_000
CONTACT = uuid4()


def run_of() -> CampaignRun:
    return CampaignRun(uuid4(), uuid4(), "open", "s", LAUNCHED_MS, 1, uuid4(), 0, 0)


RUN = run_of()
MESSAGE = message_id(campaign_id=RUN.campaign_id, contact_id=CONTACT, launched_at_ms=LAUNCHED_MS)
TASK = Claimed(MESSAGE, CONTACT, 0, "p@example.com", None, None, None, None, NOW)


def settler(*, days_later: int = 0) -> Settler:
    return Settler(relay="r:25", now=lambda: NOW + timedelta(days=days_later), jitter=lambda: 0.5)


@pytest.mark.parametrize(
    ("outcome", "kind", "again"),
    [
        (Accepted(MESSAGE, SmtpReply(250, (2, 0, 0), "ok")), EmailSent, False),
        (Uncertain(MESSAGE, "timeout"), EmailUncertain, False),
        (NotSent(MESSAGE, "connect_failed"), EmailDeferred, True),
        (Refused(MESSAGE, SmtpReply(450, (4, 2, 0), "busy"), Phase.RCPT), EmailDeferred, True),
        (Refused(MESSAGE, SmtpReply(550, (5, 1, 1), "no user"), Phase.RCPT), EmailBounced, False),
        (Refused(MESSAGE, SmtpReply(550, (5, 7, 1), "spam"), Phase.DOT), EmailFailed, False),
        (Refused(MESSAGE, SmtpReply(552, (5, 3, 4), "too big"), Phase.MAIL), EmailFailed, False),
        (Refused(MESSAGE, SmtpReply(553, (5, 1, 8), "you"), Phase.MAIL), EmailFailed, False),
    ],
)
def test_each_answer_has_its_fact(outcome: Outcome, kind: type[Event], again: bool) -> None:  # noqa: FBT001
    settled = settler().settle(RUN, TASK, outcome)
    assert type(settled.fact.event) is kind
    assert (settled.due_at is not None) is again
    assert (settled.letter is not None) is (kind is EmailFailed)
    assert getattr(settled.fact.event, "attempt", None) == 1


def test_an_attempt_has_one_outcome_whoever_tells_it() -> None:
    sent = settler().settle(RUN, TASK, Accepted(MESSAGE, SmtpReply(250, None, "ok")))
    lost = settler().settle(RUN, TASK, Uncertain(MESSAGE, "timeout"))
    later = settler().settle(
        RUN,
        Claimed(MESSAGE, CONTACT, 1, None, None, None, None, None, NOW),
        Uncertain(MESSAGE, "t"),
    )
    assert sent.fact.fact_id == lost.fact.fact_id != later.fact.fact_id


def test_addresses_in_replies_are_not_recorded() -> None:
    reply = SmtpReply(554, (5, 7, 1), "<p@example.com> refused")
    settled = settler().settle(RUN, TASK, Refused(MESSAGE, reply, Phase.RCPT))
    assert isinstance(settled.fact.event, EmailFailed)
    assert settled.letter is not None
    assert "p@example.com" not in settled.letter.transcript + (settled.fact.event.reply or "")
    assert "rcpt" in settled.letter.transcript


@pytest.mark.parametrize(
    "outcome",
    [
        NotSent(MESSAGE, "connect_failed"),
        Refused(MESSAGE, SmtpReply(450, (4, 2, 0), "busy"), Phase.RCPT),
    ],
)
def test_after_its_life_a_message_is_given_up(outcome: Outcome) -> None:
    settled = settler(days_later=4).settle(RUN, TASK, outcome)
    assert isinstance(settled.fact.event, EmailFailed)
    assert settled.fact.event.reason == "expired"


def test_a_hint_of_the_server_sets_the_wait() -> None:
    reply = SmtpReply(450, (4, 2, 0), "busy, try again in 40 seconds")
    settled = settler().settle(RUN, TASK, Refused(MESSAGE, reply, Phase.RCPT))
    assert settled.due_at is not None
    assert 40 <= (settled.due_at - NOW).total_seconds() <= 50


@pytest.mark.parametrize("gate", ["paused", "scheduled", "closed"])
def test_what_a_shut_gate_holds_back_is_queued_again(gate: str) -> None:
    settled = settler().hold(RUN, TASK, gate=gate)
    assert isinstance(settled.fact.event, EmailDeferred)
    assert settled.due_at is not None


def test_what_a_cancelled_gate_holds_back_is_skipped() -> None:
    settled = settler().hold(RUN, TASK, gate="cancelled")
    assert isinstance(settled.fact.event, EmailSkipped)
    assert settled.fact.event.reason is SkipReason.CANCELLED
    assert settled.due_at is None
