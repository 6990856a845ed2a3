"""Into the trash, back, or gone for good: the decisions about one campaign."""

from datetime import datetime
from uuid import UUID

from domain.campaigns.decider import Campaign, Status
from domain.campaigns.events import (
    CampaignDeleted,
    CampaignEvent,
    CampaignPurged,
    CampaignRestored,
)
from domain.shared.errors import GoneError, IllegalTransitionError, NotFoundError

DELETABLE = frozenset({Status.DRAFT, Status.COMPLETED, Status.CANCELLED})


def delete(campaign: Campaign, *, campaign_id: UUID, until: datetime) -> list[CampaignEvent]:
    """Put the campaign into the trash; says nothing when it is there.

    Raises IllegalTransitionError for one that sends, or will; NotFoundError and GoneError.
    """
    _require(campaign)
    if campaign.deleted:
        return []
    if campaign.status not in DELETABLE:
        raise IllegalTransitionError(
            f"the campaign is {campaign.status}: cancel it first, then delete it"
        )
    return [CampaignDeleted(campaign_id=campaign_id, restorable_until=until)]


def restore(campaign: Campaign, *, campaign_id: UUID) -> list[CampaignEvent]:
    """Take it back; says nothing when it is not in the trash. Raises NotFoundError, GoneError."""
    _require(campaign)
    return [CampaignRestored(campaign_id=campaign_id)] if campaign.deleted else []


def purge(campaign: Campaign, *, campaign_id: UUID) -> list[CampaignEvent]:
    """Close the way back; says nothing when it is closed, or when somebody was faster."""
    if not campaign.deleted or campaign.purged:
        return []
    return [CampaignPurged(campaign_id=campaign_id)]


def _require(campaign: Campaign) -> None:
    if campaign.status is Status.ABSENT:
        raise NotFoundError("there is no such campaign in this workspace")
    if campaign.purged:
        raise GoneError("the campaign was purged from the trash: there is no way back")
