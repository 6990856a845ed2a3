"""Take a scheduled campaign off the calendar, before its time has come."""

from uuid import UUID

import msgspec

from commands.ports import CampaignRuns, EventLog
from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN
from domain.shared.context import Context


class UnscheduleCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """Make it a draft again."""

    campaign_id: UUID


def unschedule_campaign(
    command: UnscheduleCampaign, context: Context, log: EventLog, runs: CampaignRuns
) -> int:
    """Record it; says nothing of a draft. Raises IllegalTransitionError once it was launched."""
    return log.decide(
        CAMPAIGN,
        command.campaign_id,
        lambda campaign: decider.unschedule(campaign, campaign_id=command.campaign_id),
        context,
        effects=lambda _: [runs.unschedule(context.workspace_id, command.campaign_id)],
    )
