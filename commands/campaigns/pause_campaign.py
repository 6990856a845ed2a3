"""Stop a running campaign for now."""

from uuid import UUID

import msgspec

from commands.ports import CampaignRuns, EventLog
from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN
from domain.shared.context import Context


class PauseCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """Hand over no further message until somebody resumes."""

    campaign_id: UUID


def pause_campaign(
    command: PauseCampaign, context: Context, log: EventLog, runs: CampaignRuns
) -> int:
    """Record it and change the gate in the same transaction, so that the next claim sees it."""
    return log.decide(
        CAMPAIGN,
        command.campaign_id,
        lambda campaign: decider.pause(campaign, campaign_id=command.campaign_id),
        context,
        effects=lambda _: [runs.pause(context.workspace_id, command.campaign_id)],
    )
