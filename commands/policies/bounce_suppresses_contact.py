"""Whenever a mailbox turns out not to exist, nobody mails that person again."""

from commands.contacts.suppress_contact import SuppressContact, suppress_contact
from commands.ports import DoNotMail, EventLog
from domain.contacts.events import SuppressionReason
from domain.delivery.events import EmailBounced
from domain.shared.context import Context
from domain.shared.model import Event


class BounceSuppressesContact:
    """A hard bounce suppresses the contact in all campaigns of the workspace."""

    name = "bounce_suppresses_contact"
    reacts_to: frozenset[type[Event]] = frozenset({EmailBounced})

    def __init__(self, log: EventLog, do_not_mail: DoNotMail) -> None:
        self._log = log
        self._do_not_mail = do_not_mail

    def react(self, event: Event, context: Context) -> None:
        """Suppress the person; the second bounce of somebody suppressed changes nothing."""
        if not isinstance(event, EmailBounced) or event.sandbox:
            return  # what a sandbox says of an address says nothing about the person
        command = SuppressContact(
            contact_id=event.contact_id,
            reason=SuppressionReason.HARD_BOUNCE,
            detail=f"{event.code} {event.status}".strip(),
            caused_by=event.message_id,
        )
        suppress_contact(command, context, self._log, self._do_not_mail)
