"""Whenever a campaign bounces or is complained of too much, it is paused until a person resumes."""

from uuid import UUID

import msgspec

from commands.ports import CampaignRuns, EventLog
from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN
from domain.campaigns.events import CampaignPaused
from domain.delivery.reputation import Window
from domain.delivery.reputation_rules import RULES, Finding, Rules, Scope, find
from domain.shared.context import Context


class BrakeCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted of the campaign since it was last resumed."""

    campaign_id: UUID
    window: Window


def brake_campaign(
    command: BrakeCampaign,
    context: Context,
    log: EventLog,
    runs: CampaignRuns,
    *,
    rules: Rules = RULES,
) -> Finding | None:
    """Pause the campaign if a rule stops it; returns what the rule found.

    Told again it changes nothing: the campaign does not run any more, or was resumed since.
    """
    found = find(command.window, scope=Scope.CAMPAIGN, rules=rules)
    if found is None or not found.stops:
        return None
    why = _why(command, found)
    log.decide(
        CAMPAIGN,
        command.campaign_id,
        lambda campaign: decider.brake(campaign, resumed=command.window.era, why=why),
        context,
        effects=lambda _: [runs.pause(context.workspace_id, command.campaign_id)],
    )
    return found


def _why(command: BrakeCampaign, found: Finding) -> CampaignPaused:
    return CampaignPaused(
        campaign_id=command.campaign_id,
        reason=found.reason,
        rate=round(found.rate, 6),
        limit=found.limit,
        bad=found.bad,
        counted=found.counted,
        messages=found.evidence.messages,
    )
