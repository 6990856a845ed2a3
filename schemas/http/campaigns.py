"""Campaigns as the API takes and shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.fields import Line, MaybeLine, NextCursor, Request


class NewCampaign(Request, frozen=True, kw_only=True):
    """A campaign to plan with a template that exists."""

    name: Line
    template_id: UUID


class CampaignChanges(Request, frozen=True, kw_only=True):
    """What to change of a draft; what is left out stays, an empty text takes a change back.

    Without a `subject` the template's is used, without sender or reply address the workspace's.
    """

    name: Line | None = None
    template_id: UUID | None = None
    subject: MaybeLine | None = None
    sender_name: MaybeLine | None = None
    sender_address: MaybeLine | None = None
    reply_to: MaybeLine | None = None


class Schedule(Request, frozen=True, kw_only=True):
    """When to start; a time in the past means as soon as possible."""

    send_at: Annotated[datetime, msgspec.Meta(tz=True)]


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """Where a campaign is in its life."""

    campaign_id: UUID
    version: Annotated[
        int, msgspec.Meta(description="Of the plan; pass as `If-Match` to change a draft.")
    ]
    name: str
    template_id: UUID
    subject: Annotated[str, msgspec.Meta(description="Empty: the template's.")]
    sender_name: Annotated[str, msgspec.Meta(description="Empty: the workspace's.")]
    sender_address: Annotated[str, msgspec.Meta(description="Empty: the workspace's.")]
    reply_to: Annotated[str, msgspec.Meta(description="Empty: replies go to the sender.")]
    status: Annotated[
        str,
        msgspec.Meta(description="draft, scheduled, running, paused, completed or cancelled"),
    ]
    snapshot: str | None
    sandbox: Annotated[bool, msgspec.Meta(description="A test key's: it reaches nobody.")]
    audience: int | None
    send_at: datetime | None
    scheduled_at: datetime | None
    drafted_at: datetime
    updated_at: datetime
    launched_at: datetime | None
    ended_at: datetime | None
    deleted_at: Annotated[datetime | None, msgspec.Meta(description="In the trash since then.")]


class CampaignSummary(Campaign, frozen=True, kw_only=True):
    """A campaign with what came of it so far; `opened` and `clicked` count messages."""

    sent: int
    opened: int
    clicked: int


class CampaignPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of campaigns, newest first."""

    items: list[CampaignSummary]
    next: NextCursor


class CampaignStats(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a campaign. `opens` and `clicks` are hits, `opened` and `clicked` messages."""

    campaign_id: UUID
    queued: int
    sent: int
    deferred: int
    bounced: int
    failed: int
    uncertain: int
    skipped: int
    opens: int
    opened: int
    clicks: int
    clicked: int
    unsubscribed: int
    redriven: Annotated[int, msgspec.Meta(description="Dead letters queued again.")]
    resolved: Annotated[int, msgspec.Meta(description="Uncertain, and known or decided now.")]
    delivered: Annotated[int, msgspec.Meta(description="Reported as arrived.")]
    bounced_later: Annotated[
        int, msgspec.Meta(description="Sent, and reported as not delivered afterwards.")
    ]
    complained: Annotated[int, msgspec.Meta(description="Reported as abuse.")]


class Excluded(msgspec.Struct, frozen=True, kw_only=True):
    """How many contacts get no mail, for this reason first."""

    reason: Annotated[
        str, msgspec.Meta(description="unsubscribed, deleted, erased, complaint, hard_bounce, ...")
    ]
    contacts: int


class AudienceEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """Who would get a campaign that was launched now: `contacts` less the excluded."""

    contacts: int
    will_receive: int
    excluded: list[Excluded]
