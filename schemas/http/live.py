"""How a campaign goes at this moment, as the API shows it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is; `waiting` is what has no outcome yet."""

    audience: int
    queued: int
    waiting: int
    sent: int
    deferred: int
    bounced: int
    failed: int
    uncertain: int
    resolved: int
    redriven: int
    skipped: int
    skipped_for: Annotated[dict[str, int], msgspec.Meta(description="By reason.")]


class CampaignLive(msgspec.Struct, frozen=True, kw_only=True):
    """Progress, the rate of the last ten seconds against what is allowed, and why."""

    campaign_id: UUID
    status: str
    position: Annotated[int, msgspec.Meta(description="The figures hold up to here.")]
    progress: Progress
    rate_per_s: float
    allowed_per_s: float | None
    code: Annotated[str, msgspec.Meta(description="Stable: sending, warm_up_cap, …")]
    text: str
    until: datetime | None
