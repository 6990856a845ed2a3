"""What people ask of contacts: the fact, and the working state that goes with it."""

from uuid import UUID, uuid4

import pytest

from commands.contacts.give_consent import GiveConsent, give_consent
from commands.contacts.request_import import RequestImport, request_import
from commands.contacts.suppress_contact import SuppressContact, suppress_contact
from commands.contacts.unsubscribe_contact import UnsubscribeContact, unsubscribe_contact
from commands.ports import DeclaredConsent
from domain.contacts.events import (
    Channel,
    ConsentGiven,
    ContactSuppressed,
    ContactUnsubscribed,
    ImportRequested,
    SuppressionReason,
    SuppressionSource,
)
from domain.contacts.suppression import Grounds
from domain.shared.errors import IllegalTransitionError, InvalidInputError
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.builders import NOW
from tests.support.memory_ports import MemoryDoNotMail, Said

WORKSPACE, CONTACT, CAUSE = uuid4(), uuid4(), uuid4()


class MemoryIntake:
    """The port `commands.ports.ImportIntake`."""

    def begin(
        self,
        workspace_id: UUID,
        import_id: UUID,
        *,
        mapping: dict[str, str],
        size_bytes: int,
        consent: DeclaredConsent,
    ) -> Said:
        return Said("begin", (workspace_id, import_id, mapping, size_bytes, consent))


def test_an_uploaded_file_is_recorded_and_handed_to_the_importer() -> None:
    log, import_id = MemoryEventLog(), uuid4()
    command = RequestImport(
        import_id=import_id,
        sha256="ab",
        size_bytes=9,
        mapping={"email": "Mail"},
        consent_source=" a fair ",
        consent_text="Yes",
    )
    assert request_import(command, asking(WORKSPACE), log, MemoryIntake()) == 1
    assert log.events == [
        (
            WORKSPACE,
            import_id,
            ImportRequested(
                import_id=import_id,
                sha256="ab",
                size_bytes=9,
                mapping={"email": "Mail"},
                consent_source="a fair",
                consent_text="Yes",
            ),
        )
    ]
    declared = DeclaredConsent(requested_by="test", source="a fair", text="Yes")
    handed = (WORKSPACE, import_id, {"email": "Mail"}, 9, declared)
    assert log.effects == [Said("begin", handed)]
    with pytest.raises(IllegalTransitionError, match="use a new id"):
        request_import(command, asking(WORKSPACE), log, MemoryIntake())
    assert len(log.effects) == 1, "a refused request hands nothing over"


def test_a_consent_is_recorded_as_it_is_told() -> None:
    log = MemoryEventLog()
    command = GiveConsent(contact_id=CONTACT, source="a form", text="Yes", given_at=NOW)
    assert give_consent(command, asking(WORKSPACE), log) == 1
    given = ConsentGiven(contact_id=CONTACT, source="a form", text="Yes", given_at=NOW)
    assert log.events == [(WORKSPACE, CONTACT, given)]


def test_a_wish_for_no_more_mail_closes_the_dispatchers_door() -> None:
    log = MemoryEventLog()
    command = UnsubscribeContact(contact_id=CONTACT, via=Channel.PAGE, campaign_id=CAUSE)
    first = unsubscribe_contact(command, asking(WORKSPACE), log, MemoryDoNotMail())
    again = unsubscribe_contact(command, asking(WORKSPACE), log, MemoryDoNotMail())
    assert again == first
    assert log.events == [
        (
            WORKSPACE,
            CONTACT,
            ContactUnsubscribed(contact_id=CONTACT, via=Channel.PAGE, campaign_id=CAUSE),
        )
    ]
    assert log.effects == [Said("do not mail: unsubscribed", CONTACT)]


def test_a_suppression_says_why_and_what_caused_it() -> None:
    log = MemoryEventLog()
    command = SuppressContact(
        contact_id=CONTACT,
        grounds=Grounds(
            reason=SuppressionReason.MANUAL,
            source=SuppressionSource.API,
            detail="asked by phone",
            caused_by=CAUSE,
        ),
    )
    suppress_contact(command, asking(WORKSPACE), log, MemoryDoNotMail())
    suppress_contact(command, asking(WORKSPACE), log, MemoryDoNotMail())
    assert log.events == [
        (
            WORKSPACE,
            CONTACT,
            ContactSuppressed(
                contact_id=CONTACT,
                reason=SuppressionReason.MANUAL,
                detail="asked by phone",
                caused_by=CAUSE,
                source=SuppressionSource.API,
            ),
        )
    ]
    assert log.effects == [Said("do not mail: suppressed manual", CONTACT)]


def test_the_consent_of_one_workspace_says_nothing_about_another() -> None:
    log, elsewhere = MemoryEventLog(), uuid4()
    command = UnsubscribeContact(contact_id=CONTACT, via=Channel.API)
    unsubscribe_contact(command, asking(WORKSPACE), log, MemoryDoNotMail())
    unsubscribe_contact(command, asking(elsewhere), log, MemoryDoNotMail())
    assert [workspace for workspace, _, _ in log.events] == [WORKSPACE, elsewhere]


def test_a_mapping_that_names_an_address_is_refused_before_the_log_keeps_it() -> None:
    log, command = (
        MemoryEventLog(),
        RequestImport(
            import_id=uuid4(), sha256="ab", size_bytes=9, mapping={"email": "ana@example.com"}
        ),
    )
    with pytest.raises(InvalidInputError) as refusal:
        request_import(command, asking(WORKSPACE), log, MemoryIntake())
    assert "ana" not in str(refusal.value)
    assert log.events == []
