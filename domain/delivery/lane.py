"""A lane: whether it sends, and where it is on its warm-up; and what a person may say of it.

One kind of stream for a lane, for a sending domain and for a workspace: the wider ones are lanes to
`all`. The breaker and the warm-up decide by rules (`breaker.py`, `warm_up.py`).
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import TypedDict, assert_never
from uuid import UUID

import msgspec

from domain.delivery.destination import DESTINATIONS
from domain.delivery.lane_events import (
    BlockCause,
    Evidence,
    LaneBlocked,
    LaneEvent,
    LaneOpened,
    LaneProbesGranted,
    LaneWarned,
    WarmUpAdvanced,
    WarmUpCompleted,
    WarmUpHeld,
    WarmUpSkipped,
    WarmUpStarted,
    WarmUpSteppedBack,
)
from domain.delivery.reputation_rules import Scope
from domain.shared.errors import IllegalTransitionError, InvalidInputError
from domain.shared.ids import derive_id
from domain.shared.model import StreamModel

ALL = "all"
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9_-]{1,63}\.)+[a-z0-9-]{2,63}")


class Standing(StrEnum):
    """Whether a lane sends: the breaker's closed, open and half-open."""

    OPEN = "open"
    BLOCKED = "blocked"
    PROBING = "probing"


class WarmUp(StrEnum):
    """Where a lane is on its curve."""

    NONE = "none"
    RUNNING = "running"
    COMPLETED = "completed"
    SKIPPED = "skipped"


class Place(msgspec.Struct, frozen=True):
    """Which lane: a sending domain and a destination, either of which may be `all`."""

    sending_domain: str
    destination: str

    @property
    def lane_id(self) -> UUID:
        """The id of its stream, the same in every workspace."""
        return derive_id(0, b"lane", self.sending_domain.encode(), self.destination.encode())

    @property
    def scope(self) -> Scope:
        """How much of the workspace's mail it is."""
        if self.destination != ALL:
            return Scope.LANE
        return Scope.WORKSPACE if self.sending_domain == ALL else Scope.DOMAIN

    def within(self) -> tuple["Place", ...]:
        """Return the lane itself and the wider ones whose counts are also its own."""
        return (self, Place(self.sending_domain, ALL), Place(ALL, ALL))


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """What later decisions need to know."""

    standing: Standing = Standing.OPEN
    cause: BlockCause = BlockCause.BY_HAND  # of the last block
    since: datetime | None = None
    until: datetime | None = None
    trips: int = 0
    probes: int = 0
    era: int = 0  # how often what is counted began anew
    warned_at: datetime | None = None
    warm_up: WarmUp = WarmUp.NONE
    step: int = 0
    day_began: datetime | None = None


class About(TypedDict):
    """What every event of a lane says."""

    lane_id: UUID
    sending_domain: str
    destination: str
    decided_at: datetime


def open_by_hand(lane: Lane, place: Place, *, reason: str, now: datetime) -> list[LaneEvent]:
    """Open a blocked or probing lane at once. Raises IllegalTransitionError for an open one."""
    require_reason(reason)
    if lane.standing is Standing.OPEN:
        raise IllegalTransitionError("the lane is open already")
    return [LaneOpened(**about(place, now), reason=reason, by_hand=True)]


def block_by_hand(lane: Lane, place: Place, *, reason: str, now: datetime) -> list[LaneEvent]:
    """Block a lane until somebody opens it. Says nothing of one that is blocked so already."""
    require_reason(reason)
    if lane.standing is Standing.BLOCKED and lane.cause is BlockCause.BY_HAND:
        return []
    return [
        LaneBlocked(
            **about(place, now),
            cause=BlockCause.BY_HAND,
            reason=reason,
            evidence=Evidence(),
            trips=max(lane.trips, 1),
        )
    ]


def named_place(sending_domain: str, destination: str) -> Place:
    """Return the lane of these names. Raises InvalidInputError for what cannot be one's name."""
    place = Place(sending_domain.lower(), destination.lower())
    if place.sending_domain == ALL and place.destination != ALL:
        raise InvalidInputError("the sending domain `all` goes with the destination `all`")
    if place.sending_domain != ALL and not _DOMAIN.fullmatch(place.sending_domain):
        raise InvalidInputError("that is no sending domain; write it as acme.example, or `all`")
    if place.destination not in DESTINATIONS | {ALL}:
        raise InvalidInputError("that is no destination; write it as google, or `all`")
    return place


def require_reason(reason: str) -> None:
    """Raise InvalidInputError for an empty reason: what a person decides has one."""
    if not reason.strip():
        raise InvalidInputError("say why: pass a non-empty `reason`")


def about(place: Place, now: datetime) -> About:
    """Return it."""
    return {
        "lane_id": place.lane_id,
        "sending_domain": place.sending_domain,
        "destination": place.destination,
        "decided_at": now,
    }


def evolve(lane: Lane, event: LaneEvent) -> Lane:  # noqa: PLR0911 - one a fact
    """Fold one fact; history is believed, never refused."""
    change = msgspec.structs.replace
    match event:
        case LaneWarned():
            return change(lane, warned_at=event.decided_at)
        case LaneBlocked():
            return change(
                lane,
                standing=Standing.BLOCKED,
                cause=event.cause,
                since=event.decided_at,
                until=event.until,
                trips=event.trips,
            )
        case LaneProbesGranted():
            return change(
                lane,
                standing=Standing.PROBING,
                since=event.decided_at,
                until=None,
                probes=event.probes,
                era=lane.era + 1,
            )
        case LaneOpened():
            return change(
                lane,
                standing=Standing.OPEN,
                since=event.decided_at,
                until=None,
                era=lane.era + 1,
                warned_at=None,
            )
        case WarmUpStarted():
            return change(lane, warm_up=WarmUp.RUNNING, step=0, day_began=event.decided_at)
        case WarmUpAdvanced() | WarmUpSteppedBack():
            return change(lane, step=event.step, day_began=event.decided_at)
        case WarmUpHeld():
            return change(lane, day_began=event.decided_at)
        case WarmUpCompleted():
            return change(lane, warm_up=WarmUp.COMPLETED)
        case WarmUpSkipped():
            return change(lane, warm_up=WarmUp.SKIPPED)
        case _:
            assert_never(event)


LANE: StreamModel[Lane, LaneEvent] = StreamModel(name="lane", initial=Lane(), evolve=evolve)
