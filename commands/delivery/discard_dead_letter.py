"""Put a message away that was given up: nobody will send it again."""

from uuid import UUID

import msgspec

from commands.delivery.ports import DeadLetters
from commands.ports import EventLog
from domain.delivery.dead_letter import discard
from domain.shared.context import Context
from domain.shared.errors import NotFoundError


class DiscardDeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """Discard this message; `reason` is for whoever reads the log later."""

    message_id: UUID
    reason: str


def discard_dead_letter(
    command: DiscardDeadLetter, context: Context, log: EventLog, letters: DeadLetters
) -> int:
    """Record the decision. Raises NotFoundError, and what `domain...dead_letter.discard` raises."""
    letter = letters.find(context.workspace_id, command.message_id)
    if letter is None:
        raise NotFoundError("there is no such dead letter in this workspace")
    fact = discard(letter, reason=command.reason, command_id=context.command_id)
    put_away = letters.discard(
        context.workspace_id, [letter.message_id], command_id=context.command_id
    )
    return log.record([fact], context, effects=[put_away])
