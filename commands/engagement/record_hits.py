"""Record opens and clicks of one workspace, many at once."""

from collections.abc import Iterator, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from commands.ports import EventLog
from domain.engagement.events import EmailOpened, LinkClicked
from domain.shared.context import Context
from domain.shared.errors import DomainError
from domain.shared.message_id import message_id
from domain.shared.model import Fact

PERSON_ERASED = "person_erased"


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A pixel was fetched (`link` is None) or link number `link` followed.

    `hit_id` is drawn when the hit arrives: recording the same hit again changes nothing. `ip` is
    truncated, `user_agent` bounded.
    """

    hit_id: UUID
    workspace_id: UUID
    campaign_id: UUID
    contact_id: UUID
    link: int | None
    user_agent: str | None
    ip: str | None


class TrackedCampaign(msgspec.Struct, frozen=True):
    """What was fixed at launch: the instant, and where link n leads."""

    launched_at_ms: int
    links: tuple[str, ...]


class Campaigns(Protocol):
    """Launched campaigns."""

    def find(self, workspace_id: UUID, campaign_id: UUID) -> TrackedCampaign | None:
        """Return the campaign; None when it was never launched."""


def record_hits(hits: Sequence[Hit], context: Context, log: EventLog, campaigns: Campaigns) -> int:
    """Append the hits; those of campaigns that were never launched are left out.

    When one of the people was erased meanwhile, the group is recorded without personal data.
    """
    facts = list(_facts(hits, campaigns))
    if not facts:
        return 0
    try:
        return log.record(facts, context)
    except DomainError as error:
        if error.code != PERSON_ERASED:
            raise
        return log.record([_impersonal(fact) for fact in facts], context)


def _facts(hits: Sequence[Hit], campaigns: Campaigns) -> Iterator[Fact]:
    for hit in hits:
        campaign = campaigns.find(hit.workspace_id, hit.campaign_id)
        if campaign is not None:
            yield Fact(hit.hit_id, _event(hit, campaign))


def _event(hit: Hit, campaign: TrackedCampaign) -> EmailOpened | LinkClicked:
    message = message_id(
        campaign_id=hit.campaign_id,
        contact_id=hit.contact_id,
        launched_at_ms=campaign.launched_at_ms,
    )
    if hit.link is None:
        return EmailOpened(
            message_id=message,
            campaign_id=hit.campaign_id,
            contact_id=hit.contact_id,
            user_agent=hit.user_agent,
            ip=hit.ip,
        )
    return LinkClicked(
        message_id=message,
        campaign_id=hit.campaign_id,
        contact_id=hit.contact_id,
        link=hit.link,
        user_agent=hit.user_agent,
        ip=hit.ip,
    )


def _impersonal(fact: Fact) -> Fact:
    return Fact(fact.fact_id, msgspec.structs.replace(fact.event, user_agent=None, ip=None))
