"""Go on with a paused campaign."""

from uuid import UUID

import msgspec

from commands.ports import CampaignRuns, EventLog
from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN
from domain.shared.context import Context


class ResumeCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """Go on where it stopped."""

    campaign_id: UUID


def resume_campaign(
    command: ResumeCampaign, context: Context, log: EventLog, runs: CampaignRuns
) -> int:
    """Record it and change the gate in the same transaction, so that the next claim sees it."""
    return log.decide(
        CAMPAIGN,
        command.campaign_id,
        lambda campaign: decider.resume(
            campaign, campaign_id=command.campaign_id, sandbox=context.sandbox
        ),
        context,
        effects=lambda _: [runs.resume(context.workspace_id, command.campaign_id)],
    )
