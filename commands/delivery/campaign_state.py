"""What a campaign is now, for decisions about its messages."""

from uuid import UUID

from commands.ports import EventLog
from domain.campaigns.decider import CAMPAIGN
from domain.delivery.requeueing import Campaign
from domain.shared.context import Context


def campaign_state(campaign_id: UUID | None, context: Context, log: EventLog) -> Campaign:
    """Fold the campaign's stream; system mail has none."""
    if campaign_id is None:
        return Campaign("absent")
    state = log.state(CAMPAIGN, campaign_id, context)
    return Campaign(str(state.status), state.deleted or state.purged, state.sandbox)
