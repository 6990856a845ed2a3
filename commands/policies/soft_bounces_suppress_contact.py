"""Whenever a mailbox has been full too often, it is left alone for a while; a delivery ends that.

How often and how long is data of the workspace (`domain.delivery.soft_bounces`).
"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from commands.contacts.lift_suppression import LiftSuppression, lift_suppression
from commands.contacts.ports import Addresses
from commands.contacts.suppress_contact import SuppressContact, suppress_contact
from commands.ports import DoNotMail, EventLog
from domain.contacts.events import SuppressionReason, SuppressionSource
from domain.contacts.suppression import Grounds
from domain.delivery.bounce_class import BounceClass
from domain.delivery.bounce_events import EmailDelivered
from domain.delivery.events import EmailBounced, EmailFailed
from domain.delivery.smtp_reply import Cause
from domain.delivery.soft_bounces import (
    SOFT_BOUNCE_POLICY,
    SendResult,
    policy_stream,
    suppressed_until,
)
from domain.shared.context import Context
from domain.shared.model import Event

REASON = SuppressionReason.SOFT_BOUNCES


class SendHistory(Protocol):
    """What became of the mail to one person."""

    def last(self, workspace_id: UUID, contact_id: UUID, *, limit: int) -> Sequence[SendResult]:
        """Return the newest sends with an outcome, newest first."""


class SoftBouncesSuppressContact:
    """Soft bounces are counted over the last sends; the newest one may not be told of yet."""

    name = "soft_bounces_suppress_contact"
    reacts_to: frozenset[type[Event]] = frozenset({EmailBounced, EmailFailed, EmailDelivered})

    def __init__(
        self, log: EventLog, do_not_mail: DoNotMail, addresses: Addresses, history: SendHistory
    ) -> None:
        self._log = log
        self._do_not_mail = do_not_mail
        self._addresses = addresses
        self._history = history

    def react(self, event: Event, context: Context) -> None:
        """Count a soft bounce, or take a delivery as the end of it; not in a sandbox."""
        match event:
            case EmailBounced(sandbox=False, bounce_class=BounceClass.SOFT):
                self._count(event.contact_id, event.message_id, context)
            case EmailFailed(sandbox=False, reason=Cause.MAILBOX_FULL):
                self._count(event.contact_id, event.message_id, context)
            case EmailDelivered(sandbox=False):
                self._end(event, context)
            case _:
                pass

    def _count(self, contact_id: UUID, message_id: UUID, context: Context) -> None:
        workspace_id = context.workspace_id
        policy = self._log.state(SOFT_BOUNCE_POLICY, policy_stream(workspace_id), context)
        known = self._history.last(workspace_id, contact_id, limit=policy.of_last)
        others = [send for send in known if send.message_id != message_id]
        this = SendResult(message_id, context.now, is_soft=True)
        until = suppressed_until(policy, [this, *others], now=context.now)
        if until is None:
            return
        grounds = Grounds(
            reason=REASON,
            source=SuppressionSource.BOUNCE,
            detail=f"{policy.bounces} soft bounces or more in the last {policy.of_last} mails",
            expires_at=until,
            caused_by=message_id,
        )
        command = SuppressContact(contact_id=contact_id, grounds=grounds)
        suppress_contact(command, context, self._log, self._do_not_mail)

    def _end(self, event: EmailDelivered, context: Context) -> None:
        if REASON not in self._addresses.standing(context.workspace_id, event.contact_id):
            return
        command = LiftSuppression(
            contact_id=event.contact_id,
            reason=REASON,
            detail="a mail was delivered",
            caused_by=event.message_id,
        )
        lift_suppression(command, context, self._log, self._do_not_mail, self._addresses)
