"""Say what became of a message whose handover had no answer."""

from uuid import UUID

import msgspec

from commands.delivery.campaign_state import campaign_state
from commands.delivery.ports import UncertainMessages
from commands.ports import Effect, EventLog
from domain.delivery.outcome_events import Resolution
from domain.delivery.uncertain import resolve
from domain.shared.context import Context
from domain.shared.errors import NotFoundError


class ResolveUncertain(msgspec.Struct, frozen=True, kw_only=True):
    """Resolve this message; `caused_by` is the report that says so, if it is one."""

    message_id: UUID
    resolution: Resolution
    reason: str
    caused_by: UUID | None = None


def resolve_uncertain(
    command: ResolveUncertain, context: Context, log: EventLog, uncertain: UncertainMessages
) -> int:
    """Record it; `resend` queues the message again in the same transaction.

    Raises NotFoundError, and what `domain.delivery.uncertain.resolve` raises.
    """
    found = uncertain.find(context.workspace_id, command.message_id)
    if found is None:
        raise NotFoundError("there is no such uncertain message in this workspace")
    campaign = campaign_state(found.campaign_id, context, log)
    fact = resolve(
        found,
        resolution=command.resolution,
        campaign=campaign,
        reason=command.reason,
        command_id=context.command_id,
        caused_by=command.caused_by,
        sandbox=context.sandbox,
    )
    effect: Effect
    if command.resolution is Resolution.RESEND:
        effect = uncertain.requeue(
            context.workspace_id,
            found.message_id,
            command_id=context.command_id,
            completed=[found.campaign_id] if campaign.completed else (),
        )
    else:
        effect = uncertain.resolve(
            context.workspace_id,
            found.message_id,
            resolution=str(command.resolution),
            command_id=context.command_id,
        )
    return log.record([fact], context, effects=[effect])
