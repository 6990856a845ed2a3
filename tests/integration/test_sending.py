"""From launch to EmailSent, in stories: real Postgres, a real SMTP conversation."""

from base64 import b64decode
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.contacts.events import ContactSuppressed
from domain.content.errors import UnknownMergeTagError
from domain.delivery.backoff import RetryPolicy, RetrySchedule
from domain.delivery.events import (
    EmailBounced,
    EmailDeferred,
    EmailFailed,
    EmailSent,
    EmailSkipped,
    EmailUncertain,
    HandoverStarted,
    SkipReason,
)
from domain.shared.errors import IllegalTransitionError, InvalidInputError, NotFoundError
from infra.bootstrap import Adapters
from tests.support.counting_sink import counting_sink
from tests.support.faulty_smtp import Script, close, say
from tests.support.sending import HTML, Mailing

pytestmark = pytest.mark.integration

LONE_DOT = b".\r\n"  # ends a transaction whose DATA was answered though its RCPT was refused
IMPATIENT = RetrySchedule(usual=RetryPolicy(first_s=1, factor=1.0, max_s=1, expire_after_s=1))


@pytest.fixture
def mailing(app: Adapters, worker: Adapters) -> Mailing:
    return Mailing(app, worker)


def people(count: int) -> list[str]:
    return [f"p{n}@example.com" for n in range(count)]


def test_everybody_gets_one_mail_and_the_campaign_completes(mailing: Mailing) -> None:
    mailing.add_contacts(people(700))
    campaign = mailing.started()
    with counting_sink() as sink:
        mailing.dispatch(sink.port)
        assert sink.accepted_recipients() == dict.fromkeys(people(700), 1)
    mailing.schedule_all()
    counted = mailing.counted()
    assert (counted["EmailsQueued"], counted["EmailSent"]) == (2, 700)
    assert counted["CampaignCompleted"] == 1
    assert mailing.tasks() == 0
    assert mailing.gate(campaign) == "closed"


def test_a_paused_campaign_sends_nothing_until_it_is_resumed(mailing: Mailing) -> None:
    mailing.add_contacts(people(120))
    campaign = mailing.started()
    with counting_sink() as sink:

        def some_are_out() -> bool:
            if sink.accepted().total() < 20:
                return False
            mailing.pause(campaign)
            return True

        mailing.dispatch(sink.port, rate_per_s=100, until=some_are_out)
        at_pause = sink.accepted().total()
        mailing.dispatch(sink.port)
        assert sink.accepted().total() == at_pause < 120
        assert mailing.counted()["CampaignCompleted"] == 0
        mailing.resume(campaign)
        mailing.dispatch(sink.port, until=lambda: mailing.tasks() == 0)
        assert sink.accepted_recipients() == dict.fromkeys(people(120), 1)
    mailing.schedule_all()
    assert mailing.gate(campaign) == "closed"


def test_a_cancelled_campaign_says_why_the_rest_got_nothing(mailing: Mailing) -> None:
    mailing.add_contacts(people(120))
    campaign = mailing.started()
    with counting_sink() as sink:

        def some_are_out() -> bool:
            if sink.accepted().total() < 20:
                return False
            mailing.cancel(campaign)
            return True

        mailing.dispatch(sink.port, rate_per_s=100, until=some_are_out)
        mailing.schedule_all()
        sent = {event.contact_id for event in mailing.of_type(EmailSent)}
        skipped = mailing.of_type(EmailSkipped)
        assert sink.accepted().total() == len(sent)
    assert {event.reason for event in skipped} == {SkipReason.CANCELLED}
    assert len(sent) + len({event.contact_id for event in skipped}) == 120
    assert mailing.tasks() == 0
    assert mailing.gate(campaign) == "closed"


def test_cancelled_before_the_audience_is_expanded_everybody_is_skipped(mailing: Mailing) -> None:
    mailing.add_contacts(people(5))
    campaign = mailing.draft()
    mailing.launch(campaign)
    mailing.cancel(campaign)
    mailing.expand()
    mailing.schedule_all()
    assert [event.reason for event in mailing.of_type(EmailSkipped)] == [SkipReason.CANCELLED] * 5
    assert mailing.gate(campaign) == "closed"


def test_who_unsubscribes_while_queued_is_skipped_with_the_reason(mailing: Mailing) -> None:
    first, *_ = mailing.add_contacts(people(10))
    mailing.started()
    mailing.unsubscribe(first)
    with counting_sink() as sink:
        mailing.dispatch(sink.port)
        assert sink.accepted().total() == 9
        assert people(1)[0] not in sink.accepted_recipients()
    handed = b"".join(b64decode(event.messages) for event in mailing.of_type(HandoverStarted))
    assert len(handed) == 9 * 16  # seen at the claim already
    (skipped,) = mailing.of_type(EmailSkipped)
    assert (skipped.contact_id, skipped.reason) == (first, SkipReason.UNSUBSCRIBED)


def test_who_is_unsubscribed_at_the_launch_is_never_queued(mailing: Mailing) -> None:
    first, *_ = mailing.add_contacts(people(10))
    mailing.unsubscribe(first)
    mailing.started()
    assert mailing.tasks() == 9
    (skipped,) = mailing.of_type(EmailSkipped)
    assert (skipped.contact_id, skipped.reason) == (first, SkipReason.UNSUBSCRIBED)


def test_who_comes_after_the_launch_is_not_in_the_audience(mailing: Mailing) -> None:
    mailing.add_contacts(people(3))
    campaign = mailing.draft()
    mailing.launch(campaign)
    mailing.add_contacts(["late@example.com"])
    mailing.expand()
    assert mailing.tasks() == 3


def test_somebody_whose_key_is_destroyed_is_skipped_as_erased(mailing: Mailing) -> None:
    first, *_ = mailing.add_contacts(people(3))
    mailing.started()
    mailing.worker.vault.destroy(mailing.workspace, first)
    with counting_sink() as sink:
        mailing.dispatch(sink.port)
        assert sink.accepted().total() == 2
    assert [e.reason for e in mailing.of_type(EmailSkipped)] == [SkipReason.ERASED]


def test_a_campaign_is_launched_once(mailing: Mailing) -> None:
    mailing.add_contacts(people(2))
    campaign, command_id = mailing.draft(), uuid4()
    position = mailing.launch(campaign, command_id=command_id)
    assert mailing.launch(campaign, command_id=command_id) == position
    with pytest.raises(IllegalTransitionError, match="launched once"):
        mailing.launch(campaign)
    mailing.expand()
    assert mailing.tasks() == 2


def test_an_empty_audience_is_refused_in_a_clear_sentence(mailing: Mailing) -> None:
    with pytest.raises(InvalidInputError, match="the audience is empty"):
        mailing.launch(mailing.draft())
    (only,) = mailing.add_contacts(people(1))
    mailing.unsubscribe(only)
    with pytest.raises(InvalidInputError, match="the audience is empty"):
        mailing.launch(mailing.draft())


def test_an_unknown_merge_tag_is_refused_with_its_line(mailing: Mailing) -> None:
    mailing.add_contacts(people(1))
    mailing.project()
    template = uuid4()
    mailing.add_template(template, html=HTML.replace("<p>", "\n<p>{{ fisrt_name }}"))
    with pytest.raises(UnknownMergeTagError, match=r"fisrt_name.* at line 2.*first_name"):
        mailing.launch(mailing.draft(template))


def test_a_template_of_another_workspace_does_not_exist(app: Adapters, worker: Adapters) -> None:
    ours, theirs = Mailing(app, worker), Mailing(app, worker)
    with pytest.raises(NotFoundError):
        ours.draft(theirs.template)


def test_the_scheduler_launches_at_the_time_and_not_before(mailing: Mailing) -> None:
    mailing.add_contacts(people(2))
    soon, later = mailing.draft(), mailing.draft()
    mailing.schedule(soon, datetime.now(UTC) - timedelta(seconds=1))
    mailing.schedule(later, datetime.now(UTC) + timedelta(hours=1))
    mailing.schedule_all()
    assert (mailing.gate(soon), mailing.gate(later)) == ("open", "scheduled")
    with pytest.raises(InvalidInputError, match="not due before"):
        mailing.launch(later)


def test_a_scheduled_campaign_without_audience_is_cancelled_when_due(mailing: Mailing) -> None:
    campaign = mailing.draft()
    mailing.schedule(campaign, datetime.now(UTC) - timedelta(seconds=1))
    mailing.schedule_all()
    assert mailing.counted()["CampaignCancelled"] == 1
    assert mailing.gate(campaign) == "closed"


def test_a_hard_bounce_suppresses_and_the_next_campaign_skips(mailing: Mailing) -> None:
    (gone,) = mailing.add_contacts(["gone@example.com"])
    mailing.started()
    server = mailing.dispatch_to(
        Script(rcpt=say(b"550 5.1.1 <gone@example.com>: no such user")), connections=1
    )
    assert len(server.heard("RCPT")) == 1
    (bounced,) = mailing.of_type(EmailBounced)
    assert (bounced.code, bounced.status) == (550, "5.1.1")
    mailing.react()
    mailing.react()
    (suppressed,) = mailing.of_type(ContactSuppressed)
    assert (suppressed.contact_id, suppressed.detail) == (gone, "550 5.1.1")
    assert suppressed.caused_by == bounced.message_id
    mailing.add_contacts(["here@example.com"])
    mailing.started()
    with counting_sink() as sink:
        mailing.dispatch(sink.port)
        assert sink.accepted_recipients() == {"here@example.com": 1}
    (skipped,) = mailing.of_type(EmailSkipped)
    assert (skipped.contact_id, skipped.reason) == (gone, SkipReason.SUPPRESSED)


def test_a_deferred_message_is_sent_later(mailing: Mailing) -> None:
    mailing.add_contacts(people(1))
    mailing.started()
    server = mailing.dispatch_to(
        Script(rcpt=say(b"450 4.2.0 busy, try again in 1 seconds", b"250 2.1.5 OK")),
        until=lambda: mailing.tasks() == 0,
        connections=1,
    )
    assert len([body for body in server.bodies if body != LONE_DOT]) == 1
    (deferred,) = mailing.of_type(EmailDeferred)
    (sent,) = mailing.of_type(EmailSent)
    assert (deferred.attempt, deferred.status, sent.attempt) == (1, "4.2.0", 2)


def test_a_refused_message_becomes_a_dead_letter_with_its_transcript(mailing: Mailing) -> None:
    mailing.add_contacts(["p@example.com"])
    mailing.started()
    mailing.dispatch_to(Script(rcpt=say(b"554 5.7.1 <p@example.com> blocked for spam")))
    (failed,) = mailing.of_type(EmailFailed)
    assert (failed.code, failed.status, failed.reason) == (554, "5.7.1", "policy")
    ((message, code, transcript),) = mailing.ask(
        "SELECT message_id, code, transcript FROM dead_letters"
    )
    assert (message, code) == (failed.message_id, 554)
    assert "blocked for spam" in transcript
    assert "p@example.com" not in transcript
    assert mailing.tasks() == 0
    mailing.react()
    assert mailing.of_type(ContactSuppressed) == []


def test_a_message_deferred_for_too_long_is_given_up(mailing: Mailing) -> None:
    mailing.add_contacts(people(1))
    mailing.started()
    mailing.dispatch_to(
        Script(rcpt=say(b"451 4.3.0 not now")),
        retry=IMPATIENT,
        until=lambda: mailing.tasks() == 0,
    )
    (failed,) = mailing.of_type(EmailFailed)
    assert (failed.code, failed.reason) == (451, "expired")


def test_a_lost_answer_to_the_final_dot_is_uncertain_and_never_repeated(mailing: Mailing) -> None:
    mailing.add_contacts(people(1))
    mailing.started()
    server = mailing.dispatch_to(Script(dot=close), until=lambda: mailing.tasks() == 0)
    assert len(server.bodies) == 1
    assert len(mailing.of_type(EmailUncertain)) == 1
    assert mailing.counted()["EmailSent"] == 0


def test_mail_waits_for_a_relay_that_is_away(mailing: Mailing) -> None:
    mailing.add_contacts(people(5))
    campaign = mailing.started()
    mailing.dispatch(1, until=lambda: mailing.counted()["EmailDeferred"] >= 5)
    assert mailing.tasks() == 5
    mailing.ask("UPDATE email_tasks SET due_at = clock_timestamp() RETURNING 1")
    with counting_sink() as sink:
        mailing.dispatch(sink.port)
        assert sink.accepted_recipients() == dict.fromkeys(people(5), 1)
    mailing.schedule_all()
    assert mailing.gate(campaign) == "closed"
