"""Suppressions of addresses that nobody has yet, with an end, and lifted knowingly."""

from datetime import timedelta
from pathlib import Path

import pytest

from commands.contacts.lift_suppression import LiftSuppression, lift_suppression
from commands.contacts.suppress_address import SuppressAddress, suppress_address
from commands.contacts.suppress_contact import SuppressContact, suppress_contact
from commands.delivery.redrive_dead_letter import RedriveDeadLetter, redrive_dead_letter
from commands.delivery.resolve_uncertain import ResolveUncertain, resolve_uncertain
from domain.contacts.events import ContactImported, SuppressionReason, SuppressionSource
from domain.contacts.suppression import AcknowledgementRequiredError, Grounds
from domain.delivery.events import (
    EmailFailed,
    EmailSent,
    EmailSkipped,
    EmailUncertain,
    SkipReason,
)
from domain.delivery.outcome_events import Resolution
from infra import failpoints
from infra.bootstrap import Adapters
from infra.clock import now
from infra.failpoints import Failpoint
from infra.postgres.dead_letters import PostgresDeadLetters
from infra.postgres.do_not_mail import PostgresDoNotMail
from infra.postgres.suppressions import PostgresSuppressions
from infra.postgres.tenant_scope import tenant_scope
from infra.postgres.uncertain_messages import PostgresUncertainMessages
from tests.support.asking import asking
from tests.support.faulty_smtp import Script, close, say
from tests.support.importing import ContactBook
from tests.support.sending import Mailing
from workers.importer import Importer
from workers.runtime import Stop
from workers.suppression_ends import SuppressionEnds

pytestmark = pytest.mark.integration
ENDED = """
INSERT INTO do_not_mail (workspace_id, contact_id, reason, cause, expires_at)
SELECT %s, contact_id, 'suppressed', 'manual', clock_timestamp() FROM contacts RETURNING 1
"""
MANUAL, COMPLAINT = SuppressionReason.MANUAL, SuppressionReason.COMPLAINT


def test_an_address_that_nobody_has_is_suppressed_from_the_moment_it_is_imported(
    app: Adapters, worker: Adapters, tmp_path: Path
) -> None:
    mailing = Mailing(app, worker)
    addresses = PostgresSuppressions(app.pool, app.settings.secret_key)
    do_not_mail, until = PostgresDoNotMail(), now() + timedelta(days=1)
    ids = {}
    for email, reason, end in (
        ("Kim@there.example", COMPLAINT, None),
        ("lee@there.example", MANUAL, until),
    ):
        grounds = Grounds(reason=reason, source=SuppressionSource.API, expires_at=end)
        command = SuppressAddress(email=email, grounds=grounds)
        ids[reason], _ = suppress_address(
            command, asking(mailing.workspace), app.log, do_not_mail, addresses
        )
    mailing.project()
    assert {email for (email,) in mailing.ask("SELECT email FROM listed_addresses")} == {
        "Kim@there.example",
        "lee@there.example",
    }
    book = ContactBook(worker, tmp_path, workspace_id=mailing.workspace)
    book.hand_over(b"email\nkim@there.example\nlee@there.example\nmax@there.example\n")
    importer = Importer(worker)
    while importer.step(Stop()):
        pass
    stopped = {event.contact_id: event.stopped for event in mailing.of_type(ContactImported)}
    assert {who: why for who, why in stopped.items() if why} == dict.fromkeys(
        ids.values(), "suppressed"
    )
    mailing.started()
    mailing.dispatch_to(Script())
    assert len(mailing.of_type(EmailSent)) == 1
    # The end comes: the scheduler says so, and mail may go.
    with tenant_scope(worker.pool, mailing.workspace) as cursor:
        cursor.execute("UPDATE do_not_mail SET expires_at = now() WHERE expires_at IS NOT NULL")
    SuppressionEnds(worker, worker="scheduler").step()
    mailing.project()
    assert mailing.ask("SELECT contact_id, reason FROM suppressions") == [
        (ids[COMPLAINT], "complaint")
    ]
    assert mailing.ask("SELECT status FROM contacts WHERE contact_id = %s", ids[MANUAL]) == [
        ("subscribed",)
    ]
    lifted = LiftSuppression(contact_id=ids[COMPLAINT], reason=COMPLAINT, detail="asked us")
    with pytest.raises(AcknowledgementRequiredError):
        lift_suppression(lifted, asking(mailing.workspace), app.log, do_not_mail, addresses)
    knowingly = LiftSuppression(
        contact_id=ids[COMPLAINT], reason=COMPLAINT, detail="asked us", acknowledged=True
    )
    lift_suppression(knowingly, asking(mailing.workspace), app.log, do_not_mail, addresses)
    mailing.started()
    mailing.dispatch_to(Script())
    assert len(mailing.of_type(EmailSent)) == 4


def test_who_is_suppressed_between_claim_and_handover_gets_nothing(
    app: Adapters, worker: Adapters
) -> None:
    mailing = Mailing(app, worker)
    ann, *_ = mailing.add_contacts([f"p{n}@example.com" for n in range(20)])
    mailing.started()
    grounds = Grounds(reason=COMPLAINT, source=SuppressionSource.API)

    def suppress() -> None:
        command = SuppressContact(contact_id=ann, grounds=grounds)
        suppress_contact(command, asking(mailing.workspace), app.log, PostgresDoNotMail())

    failpoints.arm(Failpoint.DISPATCHER_CLAIMED, suppress)
    try:
        server = mailing.dispatch_to(Script())
    finally:
        failpoints.disarm()
    (skipped,) = mailing.of_type(EmailSkipped)
    assert (skipped.contact_id, skipped.reason) == (ann, SkipReason.SUPPRESSED)
    assert len(mailing.of_type(EmailSent)) == 19
    assert not any("<p0@" in line for line in server.heard("RCPT")), "nothing of it was begun"


def test_what_has_ended_keeps_nobody_from_being_sent_to_again(
    app: Adapters, worker: Adapters
) -> None:
    mailing = Mailing(app, worker)
    mailing.add_contacts(["a@example.com", "b@example.com"])
    mailing.started()
    script = Script(rcpt=say(b"250 OK", b"554 5.7.1 not you"), dot=close)
    mailing.dispatch_to(script, until=lambda: mailing.tasks() == 0, connections=1)
    (lost,), (failed,) = mailing.of_type(EmailUncertain), mailing.of_type(EmailFailed)
    mailing.project()
    mailing.ask(ENDED, mailing.workspace)
    uncertain, letters = PostgresUncertainMessages(app.pool), PostgresDeadLetters(app.pool)
    resend = ResolveUncertain(
        message_id=lost.message_id, resolution=Resolution.RESEND, reason="asked the relay"
    )
    resolve_uncertain(resend, asking(mailing.workspace), app.log, uncertain)
    redrive = RedriveDeadLetter(message_id=failed.message_id, reason="mended")
    redrive_dead_letter(redrive, asking(mailing.workspace), app.log, letters)
    mailing.dispatch_to(Script())
    assert len(mailing.of_type(EmailSent)) == 2
