"""Send a message again that was given up."""

from uuid import UUID

import msgspec

from commands.delivery.campaign_state import campaign_state
from commands.delivery.ports import DeadLetters
from commands.ports import EventLog
from domain.delivery.dead_letter import redrive
from domain.shared.context import Context
from domain.shared.errors import NotFoundError


class RedriveDeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """Queue this message again; `reason` is for whoever reads the log later."""

    message_id: UUID
    reason: str


def redrive_dead_letter(
    command: RedriveDeadLetter, context: Context, log: EventLog, letters: DeadLetters
) -> int:
    """Record the decision and queue the message in the same transaction.

    Raises NotFoundError, and what `domain.delivery.dead_letter.redrive` raises.
    """
    letter = letters.find(context.workspace_id, command.message_id)
    if letter is None:
        raise NotFoundError("there is no such dead letter in this workspace")
    campaign = campaign_state(letter.campaign_id, context, log)
    fact = redrive(
        letter,
        campaign=campaign,
        reason=command.reason,
        command_id=context.command_id,
        sandbox=context.sandbox,
    )
    queued = letters.requeue(
        context.workspace_id,
        [letter.message_id],
        command_id=context.command_id,
        completed=[letter.campaign_id] if letter.campaign_id and campaign.completed else (),
    )
    return log.record([fact], context, effects=[queued])
