"""Put messages away that were given up, all that match a filter."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from commands.delivery.bulk_letters import Settled, settle_matching
from commands.delivery.ports import DeadLetters, LetterFilter
from commands.ports import Effect, EventLog
from domain.delivery.dead_letter import DeadLetter, discard
from domain.delivery.requeueing import spoken
from domain.shared.context import Context
from domain.shared.model import Fact


class DiscardDeadLetters(msgspec.Struct, frozen=True, kw_only=True):
    """Discard what matches, at most `bulk_letters.MOST`; ask again while there is more."""

    wanted: LetterFilter
    reason: str


def discard_dead_letters(
    command: DiscardDeadLetters, context: Context, log: EventLog, letters: DeadLetters
) -> Settled:
    """Discard them chunk by chunk. Raises InvalidInputError without a reason."""
    reason = spoken(command.reason)

    def decide(letter: DeadLetter, command_id: UUID) -> Fact:
        return discard(letter, reason=reason, command_id=command_id)

    def put_away(chunk: Sequence[DeadLetter], command_id: UUID) -> Effect:
        ids = [letter.message_id for letter in chunk]
        return letters.discard(context.workspace_id, ids, command_id=command_id)

    return settle_matching(command.wanted, context, log, letters, decide=decide, effect=put_away)
