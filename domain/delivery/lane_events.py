"""The vocabulary of lanes: what may be sent for a sending domain to a destination, and why.

A lane whose destination is `all` stands for all of the domain, one whose domain is `all` too for
the whole workspace. Every event carries what was counted, the rule, and the reason in words.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.shared.model import Event


class BlockCause(StrEnum):
    """What stopped a lane, or made somebody warn of it."""

    POLICY_BLOCK = "policy_block"
    DEFERRAL_STORM = "deferral_storm"
    BOUNCE_RATE = "bounce_rate"
    COMPLAINT_RATE = "complaint_rate"
    BY_HAND = "by_hand"


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was counted in the window: answers of destinations by their meaning, and complaints.

    `messages` is the base64 of the ids of some messages that it rests on, at most 5, and `codes`
    is what was answered for each: reply code and enhanced status, nothing of anybody's words.
    """

    window_s: int = 0
    sent: int = 0
    deferred: int = 0
    slowed: int = 0
    blocked: int = 0
    bounced: int = 0
    failed: int = 0
    uncertain: int = 0
    complained: int = 0
    messages: str = ""
    codes: tuple[str, ...] = ()


class _OfLane(Event, frozen=True):
    lane_id: UUID
    sending_domain: str
    destination: str
    decided_at: datetime
    reason: str


class LaneWarned(_OfLane, frozen=True):
    """A rate is above what the large providers tolerate, and below what stops the lane."""

    TAG: ClassVar[str] = "delivery.lane_warned.v1"
    cause: BlockCause
    evidence: Evidence


class LaneBlocked(_OfLane, frozen=True):
    """Nothing is handed over until `until`; without it, until somebody opens the lane.

    `trips` counts the blocks that followed upon each other: each lasts longer than the last.
    """

    TAG: ClassVar[str] = "delivery.lane_blocked.v1"
    cause: BlockCause
    evidence: Evidence
    trips: int = 1
    until: datetime | None = None


class LaneProbesGranted(_OfLane, frozen=True):
    """The cool-down is over: so many messages may go and show whether the lane is well again."""

    TAG: ClassVar[str] = "delivery.lane_probes_granted.v1"
    probes: int


class LaneOpened(_OfLane, frozen=True):
    """The lane sends again; what is counted begins anew."""

    TAG: ClassVar[str] = "delivery.lane_opened.v1"
    evidence: Evidence = Evidence()
    by_hand: bool = False


class WarmUpStarted(_OfLane, frozen=True):
    """The lane is new to its destination: it may send so many messages an hour, then more."""

    TAG: ClassVar[str] = "delivery.warm_up_started.v1"
    per_hour: int


class WarmUpAdvanced(_OfLane, frozen=True):
    """A day of real sending went well: step `step` (from 0) of the curve begins."""

    TAG: ClassVar[str] = "delivery.warm_up_advanced.v1"
    step: int
    per_hour: int
    evidence: Evidence


class WarmUpHeld(_OfLane, frozen=True):
    """The day was over, and not good enough for the next step: another one begins."""

    TAG: ClassVar[str] = "delivery.warm_up_held.v1"
    evidence: Evidence


class WarmUpSteppedBack(_OfLane, frozen=True):
    """The destination pushed back: the step before begins again."""

    TAG: ClassVar[str] = "delivery.warm_up_stepped_back.v1"
    step: int
    per_hour: int
    evidence: Evidence


class WarmUpCompleted(_OfLane, frozen=True):
    """The last step went well: the lane has no cap of its own any more."""

    TAG: ClassVar[str] = "delivery.warm_up_completed.v1"
    evidence: Evidence


class WarmUpSkipped(_OfLane, frozen=True):
    """Somebody vouches for the lane, and says why: it has no cap of its own."""

    TAG: ClassVar[str] = "delivery.warm_up_skipped.v1"


LaneEvent = (
    LaneWarned
    | LaneBlocked
    | LaneProbesGranted
    | LaneOpened
    | WarmUpStarted
    | WarmUpAdvanced
    | WarmUpHeld
    | WarmUpSteppedBack
    | WarmUpCompleted
    | WarmUpSkipped
)
EVENTS: tuple[type[Event], ...] = (
    LaneWarned,
    LaneBlocked,
    LaneProbesGranted,
    LaneOpened,
    WarmUpStarted,
    WarmUpAdvanced,
    WarmUpHeld,
    WarmUpSteppedBack,
    WarmUpCompleted,
    WarmUpSkipped,
)
