"""Lanes and how a sender is received, as the API shows them, and what is said of a lane."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.fields import Line, Request


class LaneTurn(Request, frozen=True, kw_only=True):
    """Why: whoever looks for it reads that."""

    reason: Line


class LaneWarmUp(msgspec.Struct, frozen=True, kw_only=True):
    """Where the lane is on its curve, and what it takes to go on."""

    state: Annotated[str, msgspec.Meta(description="none, running, completed or skipped.")]
    step: int
    allowed_now: Annotated[
        int | None,
        msgspec.Meta(description="At this moment, by all that bounds the lane; null: no bound."),
    ]
    allowed_per_hour: Annotated[
        int | None, msgspec.Meta(description="Null: the lane has no cap of its own.")
    ]
    used_this_hour: int
    reason: Annotated[str, msgspec.Meta(description="Why it is where it is.")]
    next_step_at: datetime | None
    next_step_needs: Annotated[
        list[str], msgspec.Meta(description="What the day lacks up to now; empty when nothing.")
    ]


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """Whether mail of a sending domain goes to a destination; either may be `all`."""

    lane_id: Annotated[
        UUID,
        msgspec.Meta(description="Its decisions with their evidence: /v1/audit?stream_id=…"),
    ]
    sending_domain: str
    destination: str
    state: Annotated[str, msgspec.Meta(description="open, blocked or probing.")]
    since: datetime | None
    until: Annotated[
        datetime | None,
        msgspec.Meta(description="Of a block; null: until somebody opens the lane."),
    ]
    cause: Annotated[str, msgspec.Meta(description="Of the last block; empty when there was none.")]
    reason: str
    warning: str
    probes_left: int
    counted: Annotated[
        dict[str, int],
        msgspec.Meta(description="What became of its mail in the last 24 hours, by meaning."),
    ]
    warm_up: LaneWarmUp


class Lanes(msgspec.Struct, frozen=True, kw_only=True):
    """The lanes that somebody or some rule said something of: others are open without a cap."""

    items: list[Lane]


class SenderHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How a destination took a sending domain's mail in the hours asked for; rates are parts of 1.

    Bounces and complaints are parts of what was taken or refused for good, the others of all.
    """

    sending_domain: str
    destination: str
    counted: dict[str, int]
    bounce_rate: float
    complaint_rate: float
    blocked_rate: float
    slowed_rate: float


class SenderHealths(msgspec.Struct, frozen=True, kw_only=True):
    """One of each sending domain and destination that mail went to."""

    items: list[SenderHealth]
