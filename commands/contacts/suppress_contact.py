"""Never mail this person again, whatever the campaign."""

from uuid import UUID

import msgspec

from commands.ports import DoNotMail, EventLog
from domain.contacts import decider
from domain.contacts.decider import CONSENT
from domain.contacts.events import SuppressionReason
from domain.shared.context import Context


class SuppressContact(msgspec.Struct, frozen=True, kw_only=True):
    """Suppress this contact; `caused_by` is the message or fact that says why."""

    contact_id: UUID
    reason: SuppressionReason
    detail: str
    caused_by: UUID | None = None


def suppress_contact(
    command: SuppressContact, context: Context, log: EventLog, do_not_mail: DoNotMail
) -> int:
    """Record it and close the dispatcher's door in the same transaction."""
    stop = do_not_mail.add(context.workspace_id, command.contact_id, reason="suppressed")
    return log.decide(
        CONSENT,
        command.contact_id,
        lambda consent: decider.suppress(
            consent,
            contact_id=command.contact_id,
            reason=command.reason,
            detail=command.detail,
            caused_by=command.caused_by,
        ),
        context,
        effects=lambda _: [stop],
    )
