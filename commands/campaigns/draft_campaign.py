"""Plan a campaign with a template that exists."""

from uuid import UUID

import msgspec

from commands.ports import EventLog
from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN
from domain.content.decider import TEMPLATE, content_of
from domain.shared.context import Context


class DraftCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """Plan a campaign; nothing is sent before it is launched."""

    campaign_id: UUID
    name: str
    template_id: UUID


def draft_campaign(command: DraftCampaign, context: Context, log: EventLog) -> int:
    """Record the draft. Raises NotFoundError for a template that is not in this workspace."""
    content_of(log.state(TEMPLATE, command.template_id, context))
    return log.decide(
        CAMPAIGN,
        command.campaign_id,
        lambda campaign: decider.draft(
            campaign,
            campaign_id=command.campaign_id,
            name=command.name,
            template_id=command.template_id,
        ),
        context,
        fresh=True,
    )
