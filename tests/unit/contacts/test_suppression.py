"""Who is suppressed, until when, and who may lift it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from commands.contacts.lift_suppression import LiftSuppression, lift_suppression
from commands.contacts.suppress_address import SuppressAddress, suppress_address
from domain.contacts.decider import CONSENT, Consent
from domain.contacts.events import (
    AddressListed,
    Channel,
    ConsentEvent,
    ContactSuppressed,
    ContactUnsubscribed,
    SuppressionLifted,
    SuppressionReason,
    SuppressionSource,
)
from domain.contacts.suppression import AcknowledgementRequiredError, Grounds, lift, suppress
from domain.shared.errors import ConcurrentChangeError, InvalidInputError, NotFoundError
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.memory_ports import MemoryAddresses, MemoryDoNotMail, Said

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHO, WORKSPACE = uuid4(), uuid4()
MANUAL, SOFT = SuppressionReason.MANUAL, SuppressionReason.SOFT_BOUNCES
COMPLAINT, WISH = SuppressionReason.COMPLAINT, SuppressionReason.UNSUBSCRIBED


def grounds(
    reason: SuppressionReason = MANUAL, *, days: int | None = None, detail: str = "a note"
) -> Grounds:
    until = None if days is None else NOON + timedelta(days=days)
    api = SuppressionSource.API
    return Grounds(reason=reason, source=api, detail=detail, expires_at=until)


def decided(consent: Consent, given: Grounds, *, address: str | None = None) -> list[ConsentEvent]:
    return suppress(consent, contact_id=WHO, grounds=given, now=NOON, new_address=address)


def test_a_longer_suppression_counts_a_shorter_says_nothing() -> None:
    consent = CONSENT.fold(decided(Consent(), grounds(SOFT, days=30)))
    assert decided(consent, grounds(SOFT, days=10)) == []
    assert len(decided(consent, grounds(SOFT, days=40))) == 1
    assert len(decided(consent, grounds(SOFT))) == 1
    assert len(decided(consent, grounds(MANUAL))) == 1
    for_ever = CONSENT.fold(decided(Consent(), grounds(SOFT)))
    assert decided(for_ever, grounds(SOFT, days=40)) == []


@pytest.mark.parametrize(
    "given",
    [
        grounds(detail="kim@there.example"),
        grounds(detail="x" * 301),
        grounds(days=0),
        grounds(COMPLAINT, days=5),
        grounds(WISH, days=5),
    ],
)
def test_grounds_that_cannot_be_are_refused(given: Grounds) -> None:
    with pytest.raises(InvalidInputError):
        decided(Consent(), given)


def test_an_address_of_nobody_is_kept_with_what_stops_it() -> None:
    listed = AddressListed(contact_id=WHO, email="kim@there.example")
    events = decided(Consent(), grounds(WISH), address="kim@there.example")
    assert events == [listed, ContactUnsubscribed(contact_id=WHO, via=Channel.API)]
    assert CONSENT.fold(events) == Consent(unsubscribed=True)


@pytest.mark.parametrize(
    ("standing", "still"),
    [
        ({MANUAL}, ""),
        ({MANUAL, WISH}, "unsubscribed"),
        ({MANUAL, COMPLAINT}, "suppressed"),
        ({MANUAL, COMPLAINT, WISH}, "suppressed"),
    ],
)
def test_lifting_says_what_still_stands(standing: set[SuppressionReason], still: str) -> None:
    (lifted,) = lift(standing, contact_id=WHO, reason=MANUAL, detail=" by phone ")
    assert lifted == SuppressionLifted(
        contact_id=WHO, reason=MANUAL, detail="by phone", still=still
    )


@pytest.mark.parametrize("reason", [COMPLAINT, WISH])
def test_what_a_person_said_is_lifted_only_knowingly(reason: SuppressionReason) -> None:
    with pytest.raises(AcknowledgementRequiredError):
        lift({reason}, contact_id=WHO, reason=reason, detail="asked us")
    assert lift({reason}, contact_id=WHO, reason=reason, detail="asked us", acknowledged=True)


def test_what_does_not_stand_or_has_no_reason_is_not_lifted() -> None:
    with pytest.raises(NotFoundError):
        lift({MANUAL}, contact_id=WHO, reason=COMPLAINT, detail="x")
    for detail in ("  ", "kim@there.example", "x" * 301):
        with pytest.raises(InvalidInputError):
            lift({MANUAL}, contact_id=WHO, reason=MANUAL, detail=detail)


def test_what_was_lifted_can_come_again() -> None:
    history: list[ConsentEvent] = [
        ContactSuppressed(contact_id=WHO, reason=MANUAL, detail=""),
        ContactUnsubscribed(contact_id=WHO, via=Channel.PAGE),
        SuppressionLifted(contact_id=WHO, reason=MANUAL, detail="x"),
        SuppressionLifted(contact_id=WHO, reason=WISH, detail="x"),
    ]
    assert CONSENT.fold(history) == Consent()
    assert len(decided(CONSENT.fold(history), grounds(MANUAL))) == 1


def test_suppressing_an_address_finds_its_contact_or_keeps_a_place() -> None:
    log = MemoryEventLog()
    addresses = MemoryAddresses({"kim@there.example": WHO}, {})
    for email in ("kim@there.example", "lee@there.example"):
        command = SuppressAddress(email=email, grounds=grounds())
        assert email not in repr(command)
        suppress_address(command, asking(WORKSPACE), log, MemoryDoNotMail(), addresses)
    assert log.effects == [
        Said("do not mail: suppressed manual", WHO),
        Said("keep", ("lee@there.example",)),
        Said("do not mail: suppressed manual", WORKSPACE),
    ]
    wrong = SuppressAddress(email="nobody", grounds=grounds())
    with pytest.raises(InvalidInputError):
        suppress_address(wrong, asking(WORKSPACE), log, MemoryDoNotMail(), addresses)


def test_an_address_that_is_taken_again_and_again_is_given_up() -> None:
    class Taken(MemoryAddresses):
        def list(self, workspace_id: object, addressees: object) -> Said:
            del workspace_id, addressees
            raise ConcurrentChangeError("taken")

    command = SuppressAddress(email="kim@there.example", grounds=grounds())
    with pytest.raises(ConcurrentChangeError, match="being imported"):
        suppress_address(
            command, asking(WORKSPACE), MemoryEventLog(), MemoryDoNotMail(), Taken({}, {})
        )


@pytest.mark.parametrize(
    ("reason", "effect"),
    [(SOFT, "mail again: suppressed soft_bounces"), (WISH, "mail again: unsubscribed")],
)
def test_lifting_opens_the_door_as_far_as_the_reason_goes(
    reason: SuppressionReason, effect: str
) -> None:
    log, addresses = MemoryEventLog(), MemoryAddresses({}, {WHO: {reason}})
    command = LiftSuppression(contact_id=WHO, reason=reason, detail="x", acknowledged=True)
    lift_suppression(command, asking(WORKSPACE), log, MemoryDoNotMail(), addresses)
    assert log.effects == [Said(effect, WHO)]
