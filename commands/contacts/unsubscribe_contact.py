"""Honour somebody's wish to get no more mail."""

from uuid import UUID

import msgspec

from commands.ports import DoNotMail, EventLog
from domain.contacts import decider
from domain.contacts.decider import CONSENT
from domain.contacts.events import Channel
from domain.shared.context import Context


class UnsubscribeContact(msgspec.Struct, frozen=True, kw_only=True):
    """Unsubscribe this contact; `campaign_id` says which mail led to it, when one did."""

    contact_id: UUID
    via: Channel
    campaign_id: UUID | None = None


def unsubscribe_contact(
    command: UnsubscribeContact, context: Context, log: EventLog, do_not_mail: DoNotMail
) -> int:
    """Record the wish and close the dispatcher's door in the same transaction."""
    stop = do_not_mail.add(context.workspace_id, command.contact_id, reason="unsubscribed")
    return log.decide(
        CONSENT,
        command.contact_id,
        lambda consent: decider.unsubscribe(
            consent,
            contact_id=command.contact_id,
            via=command.via,
            campaign_id=command.campaign_id,
        ),
        context,
        effects=lambda _: [stop],
    )
