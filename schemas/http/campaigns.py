"""Campaigns as the API takes and shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.fields import Line, NextCursor, Request


class NewCampaign(Request, frozen=True, kw_only=True):
    """A campaign to plan with a template that exists."""

    name: Line
    template_id: UUID


class Schedule(Request, frozen=True, kw_only=True):
    """When to start; a time in the past means as soon as possible."""

    send_at: Annotated[datetime, msgspec.Meta(tz=True)]


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """Where a campaign is in its life."""

    campaign_id: UUID
    name: str
    template_id: UUID
    status: Annotated[
        str,
        msgspec.Meta(description="draft, scheduled, running, paused, completed or cancelled"),
    ]
    snapshot: str | None
    sandbox: Annotated[bool, msgspec.Meta(description="A test key's: it reaches nobody.")]
    audience: int | None
    send_at: datetime | None
    drafted_at: datetime
    launched_at: datetime | None
    ended_at: datetime | None
    deleted_at: Annotated[datetime | None, msgspec.Meta(description="In the trash since then.")]


class CampaignPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of campaigns, newest first."""

    items: list[Campaign]
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
