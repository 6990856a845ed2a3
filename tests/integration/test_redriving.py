"""Messages that were given up, or whose handover had no answer: sent again once, or put away."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from commands.delivery.discard_dead_letter import DiscardDeadLetter, discard_dead_letter
from commands.delivery.ports import LetterFilter
from commands.delivery.redrive_dead_letter import RedriveDeadLetter, redrive_dead_letter
from commands.delivery.redrive_dead_letters import RedriveDeadLetters, redrive_dead_letters
from commands.delivery.resolve_uncertain import ResolveUncertain, resolve_uncertain
from domain.delivery.backoff import RetryPolicy, RetrySchedule
from domain.delivery.events import (
    EmailBounced,
    EmailDeferred,
    EmailFailed,
    EmailSent,
    EmailUncertain,
)
from domain.delivery.outcome_events import (
    EmailDiscarded,
    EmailRedriven,
    Resolution,
    UncertainResolved,
)
from domain.delivery.requeueing import NotMailableError
from domain.shared.errors import ConcurrentChangeError, IllegalTransitionError
from domain.shared.model import Fact
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.dead_letters import PostgresDeadLetters
from infra.postgres.uncertain_messages import PostgresUncertainMessages
from tests.support.asking import asking
from tests.support.counting_sink import RunningSink, counting_sink
from tests.support.faulty_smtp import Script, close, say
from tests.support.sending import Mailing

pytestmark = pytest.mark.integration

BLOCKED = Script(rcpt=say(b"554 5.7.1 blocked for spam"))


@pytest.fixture
def mailing(app: Adapters, worker: Adapters) -> Mailing:
    return Mailing(app, worker)


def given_up(mailing: Mailing, count: int) -> tuple[UUID, list[UUID]]:
    """Return a completed campaign, all of whose messages were refused."""
    mailing.add_contacts([f"p{n}@example.com" for n in range(count)])
    campaign = mailing.started()
    mailing.dispatch_to(BLOCKED, until=lambda: mailing.tasks() == 0)
    mailing.schedule_all()
    return campaign, [failed.message_id for failed in mailing.of_type(EmailFailed)]


def redrive(mailing: Mailing, message: UUID, *, command_id: UUID | None = None) -> int:
    return redrive_dead_letter(
        RedriveDeadLetter(message_id=message, reason="the block is lifted"),
        asking(mailing.workspace, command_id=command_id),
        mailing.app.log,
        PostgresDeadLetters(mailing.app.pool),
    )


def ids(sink: RunningSink) -> dict[UUID, int]:
    return {
        UUID(name.strip("<>").partition("@")[0]): count for name, count in sink.accepted().items()
    }


def test_a_message_of_a_completed_campaign_is_sent_again_with_its_id_and_the_run_closes_again(
    mailing: Mailing,
) -> None:
    campaign, (message,) = given_up(mailing, 1)
    command = new_id()
    position = redrive(mailing, message, command_id=command)
    assert redrive(mailing, message, command_id=command) == position
    with pytest.raises(IllegalTransitionError, match="redriven already"):
        redrive(mailing, message)
    with counting_sink() as sink:
        mailing.dispatch(sink.port)
        assert ids(sink) == {message: 1}
    (sent,) = mailing.of_type(EmailSent)
    assert sent.attempt == 2
    mailing.schedule_all()
    assert mailing.gate(campaign) == "closed"
    assert mailing.counted()["CampaignCompleted"] == 1


def test_two_at_once_queue_each_message_once(mailing: Mailing) -> None:
    _, messages = given_up(mailing, 40)
    letters = PostgresDeadLetters(mailing.app.pool)
    command = RedriveDeadLetters(wanted=LetterFilter(code=554), reason="again")

    def one(_: int) -> int:
        context = asking(mailing.workspace)
        return redrive_dead_letters(command, context, mailing.app.log, letters).settled

    def single(message: UUID) -> int:
        try:
            return min(redrive(mailing, message), 1)
        except (ConcurrentChangeError, IllegalTransitionError):
            return 0

    with ThreadPoolExecutor(4) as threads:
        singles = [threads.submit(single, message) for message in messages[:5] * 2]
        settled = sum(threads.map(one, range(2))) + sum(each.result() for each in singles)
    settled += one(0)  # what a lost race of a whole chunk has left
    assert settled == 40
    assert mailing.counted()["EmailRedriven"] == 40
    with counting_sink() as sink:
        mailing.dispatch(sink.port)
        assert ids(sink) == dict.fromkeys(messages, 1)


def test_a_message_that_fails_again_is_a_dead_letter_again_with_what_was_said_before(
    mailing: Mailing,
) -> None:
    _, (message,) = given_up(mailing, 1)
    redrive(mailing, message)
    mailing.dispatch_to(Script(rcpt=say(b"550 5.7.26 unauthenticated")))
    ((state, attempt, transcript),) = mailing.ask(
        "SELECT state, attempt, transcript FROM dead_letters"
    )
    assert (state, attempt) == ("open", 2)
    assert "blocked for spam" in transcript.splitlines()[0]
    assert "unauthenticated" in transcript.splitlines()[1]
    redrive(mailing, message)
    assert [event.attempt for event in mailing.of_type(EmailRedriven)] == [1, 2]


def test_its_retry_life_begins_anew(mailing: Mailing) -> None:
    _, (message,) = given_up(mailing, 1)
    mailing.ask("UPDATE campaign_runs SET launched_at_ms = launched_at_ms - 3600000 RETURNING 1")
    redrive(mailing, message)
    mailing.dispatch_to(
        Script(rcpt=say(b"451 4.3.0 not now, try again in 1 seconds", b"250 2.1.5 OK")),
        retry=RetrySchedule(usual=RetryPolicy(first_s=1, factor=1.0, max_s=1, expire_after_s=60)),
        until=lambda: mailing.tasks() == 0,
        connections=1,
    )
    assert [event.attempt for event in mailing.of_type(EmailDeferred)] == [2]
    assert [event.attempt for event in mailing.of_type(EmailSent)] == [3]


def test_who_unsubscribed_meanwhile_is_refused_and_a_discarded_letter_stays(
    mailing: Mailing,
) -> None:
    _, (message,) = given_up(mailing, 1)
    mailing.unsubscribe(mailing.of_type(EmailFailed)[0].contact_id)
    with pytest.raises(NotMailableError, match="unsubscribed"):
        redrive(mailing, message)
    discard_dead_letter(
        DiscardDeadLetter(message_id=message, reason="old"),
        asking(mailing.workspace),
        mailing.app.log,
        PostgresDeadLetters(mailing.app.pool),
    )
    assert len(mailing.of_type(EmailDiscarded)) == 1
    assert mailing.ask("SELECT state FROM dead_letters") == [("discarded",)]
    assert mailing.tasks() == 0


def resolve(mailing: Mailing, message: UUID, resolution: Resolution) -> int:
    return resolve_uncertain(
        ResolveUncertain(message_id=message, resolution=resolution, reason="asked the relay"),
        asking(mailing.workspace),
        mailing.app.log,
        PostgresUncertainMessages(mailing.app.pool),
    )


def test_an_uncertain_message_is_resolved_once_and_sent_again_only_when_somebody_says_so(
    mailing: Mailing,
) -> None:
    mailing.add_contacts(["p1@example.com", "p2@example.com"])
    campaign = mailing.started()
    mailing.dispatch_to(Script(dot=close), until=lambda: mailing.tasks() == 0)
    mailing.schedule_all()
    first, second = (event.message_id for event in mailing.of_type(EmailUncertain))
    resolve(mailing, first, Resolution.LOST)
    resolve(mailing, second, Resolution.RESEND)
    for message in (first, second):
        with pytest.raises(IllegalTransitionError, match="already"):
            resolve(mailing, message, Resolution.RESEND)
    with counting_sink() as sink:
        mailing.dispatch(sink.port)
        assert ids(sink) == {second: 1}
    mailing.schedule_all()
    assert mailing.gate(campaign) == "closed"
    said = {event.message_id: event.resolution for event in mailing.of_type(UncertainResolved)}
    assert said == {first: "lost", second: "resend"}


def test_a_bounce_that_comes_back_resolves_by_itself_what_was_uncertain(mailing: Mailing) -> None:
    mailing.add_contacts(["p1@example.com"])
    mailing.started()
    mailing.dispatch_to(Script(dot=close), until=lambda: mailing.tasks() == 0)
    (lost,) = mailing.of_type(EmailUncertain)
    report = EmailBounced(
        message_id=lost.message_id,
        campaign_id=lost.campaign_id,
        contact_id=lost.contact_id,
        attempt=0,
        relay="",
        code=550,
        status="5.1.1",
    )
    mailing.app.log.record([Fact(new_id(), report)], asking(mailing.workspace))
    mailing.react()
    (resolved,) = mailing.of_type(UncertainResolved)
    assert (resolved.message_id, resolved.resolution) == (lost.message_id, Resolution.BOUNCED)
    with pytest.raises(IllegalTransitionError, match="resolved as bounced already"):
        resolve(mailing, lost.message_id, Resolution.RESEND)
