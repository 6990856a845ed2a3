"""Whenever a mailbox turns out not to exist, nobody mails that person again."""

from commands.contacts.suppress_contact import SuppressContact, suppress_contact
from commands.ports import DoNotMail, EventLog
from domain.contacts.events import SuppressionReason, SuppressionSource
from domain.contacts.suppression import Grounds
from domain.delivery.bounce_class import BounceClass
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
        """Suppress the person; the second bounce of somebody suppressed changes nothing.

        A block (policy) says nothing about the person, and what a sandbox says does not either.
        """
        if not isinstance(event, EmailBounced) or event.sandbox:
            return
        if event.bounce_class is not BounceClass.HARD:
            return
        grounds = Grounds(
            reason=SuppressionReason.HARD_BOUNCE,
            source=SuppressionSource.BOUNCE,
            detail=f"{event.code or ''} {event.status}".strip(),
            caused_by=event.message_id,
        )
        command = SuppressContact(contact_id=event.contact_id, grounds=grounds)
        suppress_contact(command, context, self._log, self._do_not_mail)
