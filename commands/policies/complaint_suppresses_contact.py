"""Whenever somebody calls a mail abuse, they get no more of it, for ever."""

from commands.contacts.suppress_contact import SuppressContact, suppress_contact
from commands.ports import DoNotMail, EventLog
from domain.contacts.events import SuppressionReason, SuppressionSource
from domain.contacts.suppression import Grounds
from domain.delivery.bounce_events import EmailComplained
from domain.shared.context import Context
from domain.shared.model import Event


class ComplaintSuppressesContact:
    """One complaint suppresses the contact in all campaigns of the workspace."""

    name = "complaint_suppresses_contact"
    reacts_to: frozenset[type[Event]] = frozenset({EmailComplained})

    def __init__(self, log: EventLog, do_not_mail: DoNotMail) -> None:
        self._log = log
        self._do_not_mail = do_not_mail

    def react(self, event: Event, context: Context) -> None:
        """Suppress the person, unless it happened in a sandbox."""
        if not isinstance(event, EmailComplained) or event.sandbox:
            return
        grounds = Grounds(
            reason=SuppressionReason.COMPLAINT,
            source=SuppressionSource.COMPLAINT,
            detail=event.feedback_type,
            caused_by=event.message_id,
        )
        command = SuppressContact(contact_id=event.contact_id, grounds=grounds)
        suppress_contact(command, context, self._log, self._do_not_mail)
