"""End a campaign for good."""

from uuid import UUID

import msgspec

from commands.ports import CampaignRuns, EventLog
from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN
from domain.shared.context import Context


class CancelCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """Send nothing more; what is still queued is skipped with a recorded reason."""

    campaign_id: UUID


def cancel_campaign(
    command: CancelCampaign, context: Context, log: EventLog, runs: CampaignRuns
) -> int:
    """Record it and change the gate in the same transaction, so that the next claim sees it."""
    return log.decide(
        CAMPAIGN,
        command.campaign_id,
        lambda campaign: decider.cancel(campaign, campaign_id=command.campaign_id),
        context,
        effects=lambda _: [runs.cancel(context.workspace_id, command.campaign_id)],
    )
