"""Send messages again that were given up, all that match a filter."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from commands.delivery.bulk_letters import Settled, settle_matching
from commands.delivery.campaign_state import campaign_state
from commands.delivery.ports import DeadLetters, LetterFilter
from commands.ports import Effect, EventLog
from domain.delivery.dead_letter import DeadLetter, redrive
from domain.delivery.requeueing import Campaign, spoken
from domain.shared.context import Context
from domain.shared.model import Fact


class RedriveDeadLetters(msgspec.Struct, frozen=True, kw_only=True):
    """Queue what matches again, at most `bulk_letters.MOST`; ask again while there is more."""

    wanted: LetterFilter
    reason: str


def redrive_dead_letters(
    command: RedriveDeadLetters, context: Context, log: EventLog, letters: DeadLetters
) -> Settled:
    """Queue them chunk by chunk. Raises InvalidInputError without a reason."""
    reason = spoken(command.reason)
    campaigns: dict[UUID | None, Campaign] = {}

    def decide(letter: DeadLetter, command_id: UUID) -> Fact:
        of = letter.campaign_id
        if of not in campaigns:
            campaigns[of] = campaign_state(of, context, log)
        return redrive(
            letter,
            campaign=campaigns[of],
            reason=reason,
            command_id=command_id,
            sandbox=context.sandbox,
        )

    def queue(chunk: Sequence[DeadLetter], command_id: UUID) -> Effect:
        ids = [letter.message_id for letter in chunk]
        completed = [of for of, campaign in campaigns.items() if of and campaign.completed]
        return letters.requeue(
            context.workspace_id, ids, command_id=command_id, completed=completed
        )

    return settle_matching(command.wanted, context, log, letters, decide=decide, effect=queue)
