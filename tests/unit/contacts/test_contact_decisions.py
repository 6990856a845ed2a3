"""Consent of a contact, and the life of an import."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.contacts import decider, suppression
from domain.contacts.decider import CONSENT, IMPORT, Consent, Import, ImportStatus
from domain.contacts.events import (
    Channel,
    ConsentEvent,
    ConsentGiven,
    ContactSuppressed,
    ContactUnsubscribed,
    ImportCompleted,
    ImportEvent,
    ImportFailed,
    ImportRequested,
    SuppressionReason,
    SuppressionSource,
)
from domain.contacts.suppression import Grounds
from domain.shared.errors import IllegalTransitionError, InvalidInputError
from tests.support.builders import NOW
from tests.support.scenario import Scenario

CONTACT, CAUSE, ID = uuid4(), uuid4(), uuid4()
UNSUBSCRIBED = ContactUnsubscribed(contact_id=CONTACT, via=Channel.ONE_CLICK, campaign_id=CAUSE)
SUPPRESSED = ContactSuppressed(
    contact_id=CONTACT,
    reason=SuppressionReason.HARD_BOUNCE,
    detail="550 5.1.1",
    caused_by=CAUSE,
)
REQUESTED = ImportRequested(import_id=ID, sha256="ab", size_bytes=3, mapping={"email": "E-Mail"})
DONE = ImportCompleted(import_id=ID, rows=3, valid=1, duplicates=1, invalid=1, empty=0)
FAILED = ImportFailed(import_id=ID, code="unreadable", reason="line 3")


def unsubscribe(consent: Consent) -> Sequence[ConsentEvent]:
    return decider.unsubscribe(
        consent, contact_id=CONTACT, via=Channel.ONE_CLICK, campaign_id=CAUSE
    )


def suppress(consent: Consent) -> Sequence[ConsentEvent]:
    grounds = Grounds(
        reason=SuppressionReason.HARD_BOUNCE,
        source=SuppressionSource.BOUNCE,
        detail="550 5.1.1",
        caused_by=CAUSE,
    )
    return suppression.suppress(consent, contact_id=CONTACT, grounds=grounds, now=NOW)


def request(state: Import) -> Sequence[ImportEvent]:
    return decider.request_import(
        state, import_id=ID, sha256="ab", size_bytes=3, mapping={"email": "E-Mail"}
    )


def complete(state: Import) -> Sequence[ImportEvent]:
    return decider.complete_import(state, outcome=DONE)


def fail(state: Import) -> Sequence[ImportEvent]:
    return decider.fail_import(state, import_id=ID, code="unreadable", reason="line 3")


def test_a_wish_for_no_more_mail_is_recorded_once() -> None:
    after = Scenario(CONSENT).when(unsubscribe).then(UNSUBSCRIBED)
    assert after == Consent(unsubscribed=True)
    Scenario(CONSENT).given(UNSUBSCRIBED).when(unsubscribe).then()


def test_a_person_is_suppressed_once() -> None:
    after = Scenario(CONSENT).when(suppress).then(SUPPRESSED)
    assert after == Consent(suppressed={SuppressionReason.HARD_BOUNCE: None})
    Scenario(CONSENT).given(SUPPRESSED).when(suppress).then()


def test_unsubscribed_and_suppressed_are_two_facts_in_any_order() -> None:
    both = Consent(unsubscribed=True, suppressed={SuppressionReason.HARD_BOUNCE: None})
    assert Scenario(CONSENT).given(SUPPRESSED).when(unsubscribe).then(UNSUBSCRIBED) == both
    assert Scenario(CONSENT).given(UNSUBSCRIBED).when(suppress).then(SUPPRESSED) == both


def test_an_import_is_requested_once() -> None:
    assert Scenario(IMPORT).when(request).then(REQUESTED).status is ImportStatus.RUNNING


@pytest.mark.parametrize("past", [(REQUESTED,), (REQUESTED, DONE), (REQUESTED, FAILED)])
def test_an_import_id_is_never_used_again(past: tuple[ImportEvent, ...]) -> None:
    Scenario(IMPORT).given(*past).when(request).refused(IllegalTransitionError, "use a new id")


@pytest.mark.parametrize(
    ("decision", "event", "status"),
    [(complete, DONE, ImportStatus.COMPLETED), (fail, FAILED, ImportStatus.FAILED)],
)
def test_a_running_import_is_closed_once(
    decision: Callable[[Import], Sequence[ImportEvent]], event: ImportEvent, status: ImportStatus
) -> None:
    assert Scenario(IMPORT).given(REQUESTED).when(decision).then(event).status is status
    Scenario(IMPORT).when(decision).then()
    for end in (DONE, FAILED):
        Scenario(IMPORT).given(REQUESTED, end).when(decision).then()


def test_an_import_starts_absent() -> None:
    assert IMPORT.initial.status is ImportStatus.ABSENT


def consent_given(consent: Consent, **changes: object) -> Sequence[ConsentEvent]:
    said = {"source": " checkout ", "text": "Yes, news ", "given_at": NOW, "now": NOW} | changes
    return decider.give_consent(consent, contact_id=CONTACT, **said)  # type: ignore[arg-type]


def test_each_consent_is_a_fact_with_its_source_and_words() -> None:
    given = ConsentGiven(contact_id=CONTACT, source="checkout", text="Yes, news", given_at=NOW)
    state = Scenario(CONSENT).given(given).when(consent_given).then(given)
    assert state == Consent()


def test_a_consent_needs_a_source_and_a_past_and_undoes_no_unsubscription() -> None:
    Scenario(CONSENT).when(lambda c: consent_given(c, source=" ")).refused(
        InvalidInputError, "needs a source"
    )
    late = NOW + timedelta(seconds=1)
    Scenario(CONSENT).when(lambda c: consent_given(c, given_at=late)).refused(
        InvalidInputError, "in the future"
    )
    Scenario(CONSENT).given(UNSUBSCRIBED).when(consent_given).refused(
        IllegalTransitionError, "the person unsubscribed"
    )
