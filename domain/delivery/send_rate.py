"""How many messages a second may be claimed: set, changed, lifted.

A claim takes a token for each message from every bucket that its lane has, so the lowest rate
holds: nothing that a workspace sets lets it pass what an operator allows.
"""

import re
from typing import assert_never
from uuid import UUID

import msgspec

from domain.delivery.destination import DESTINATIONS
from domain.delivery.send_rate_events import (
    InFlightBounded,
    RateKind,
    SendRateEvent,
    SendRateLifted,
    SendRateSet,
)
from domain.shared.errors import InvalidInputError, PermissionMissingError
from domain.shared.ids import derive_id, time_ms_of
from domain.shared.model import StreamModel

LEAST_PER_S, MOST_PER_S = 0.001, 100_000.0
MOST_IN_FLIGHT = 100_000
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}\Z")


class Bounded(msgspec.Struct, frozen=True):
    """What a rate is for; `key` is empty for a workspace, `<domain> <destination>` for a lane."""

    kind: RateKind
    key: str = ""


class SendRate(msgspec.Struct, frozen=True):
    """The rate as it is; None where nothing bounds."""

    rate_per_s: float | None = None
    burst: float | None = None
    max_in_flight: int | None = None


def checked(kind: RateKind, key: str, *, by_operator: bool, everybodys: bool) -> Bounded:
    """Return what is bounded. Raises InvalidInputError, PermissionMissingError."""
    if kind is RateKind.WORKSPACE and not by_operator:
        raise PermissionMissingError("the rate of a whole workspace is the operators' to set")
    if everybodys and kind is not RateKind.DESTINATION:
        raise InvalidInputError("for everybody only a `destination` can be bounded")
    domain, destination = key.lower(), key.lower()
    match kind:
        case RateKind.WORKSPACE:
            fits = key == ""
        case RateKind.DOMAIN:
            fits = _DOMAIN.match(domain) is not None
        case RateKind.DESTINATION:
            fits = destination in DESTINATIONS
        case RateKind.LANE:
            domain, _, destination = key.lower().partition(" ")
            fits = _DOMAIN.match(domain) is not None and destination in DESTINATIONS
        case _:
            assert_never(kind)
    if not fits:
        raise InvalidInputError(
            f"{key!r} is no `key` of a {kind}: a sending domain, a destination such as google, or "
            "both with a space between them for a lane; none for a workspace"
        )
    return Bounded(kind, key.lower())


def rate_id(workspace_id: UUID, bounded: Bounded) -> UUID:
    """Return the id of the rate's stream."""
    about = (bounded.kind.encode(), bounded.key.encode())
    return derive_id(time_ms_of(workspace_id), b"send-rate", workspace_id.bytes, *about)


def allow(
    state: SendRate, *, bounded: Bounded, rate_per_s: float | None, burst: float | None
) -> list[SendRateEvent]:
    """Set the rate, or lift it with None; says nothing of what is so already.

    The burst is what a second allows, at least one message, unless it is named.
    """
    if rate_per_s is None:
        if state.rate_per_s is None:
            return []
        return [SendRateLifted(kind=bounded.kind, key=bounded.key)]
    if not LEAST_PER_S <= rate_per_s <= MOST_PER_S:
        raise InvalidInputError(f"`rate_per_s` is from {LEAST_PER_S} to {MOST_PER_S:.0f}")
    at_once = max(1.0, rate_per_s) if burst is None else burst
    if not 1 <= at_once <= MOST_PER_S:
        raise InvalidInputError(f"`burst` is from 1 to {MOST_PER_S:.0f} messages")
    if (state.rate_per_s, state.burst) == (rate_per_s, at_once):
        return []
    return [SendRateSet(kind=bounded.kind, key=bounded.key, rate_per_s=rate_per_s, burst=at_once)]


def bound(state: SendRate, *, bounded: Bounded, max_in_flight: int | None) -> list[SendRateEvent]:
    """Bound how many are in flight at once, or lift the bound with None."""
    if max_in_flight is not None and not 1 <= max_in_flight <= MOST_IN_FLIGHT:
        raise InvalidInputError(
            f"`max_in_flight` is from 1 to {MOST_IN_FLIGHT}; null lifts the bound"
        )
    if state.max_in_flight == max_in_flight:
        return []
    return [InFlightBounded(kind=bounded.kind, key=bounded.key, max_in_flight=max_in_flight)]


def evolve(state: SendRate, event: SendRateEvent) -> SendRate:
    """Fold one fact."""
    match event:
        case SendRateSet():
            return SendRate(event.rate_per_s, event.burst, state.max_in_flight)
        case SendRateLifted():
            return SendRate(max_in_flight=state.max_in_flight)
        case InFlightBounded():
            return SendRate(state.rate_per_s, state.burst, event.max_in_flight)
        case _:
            assert_never(event)


SEND_RATE: StreamModel[SendRate, SendRateEvent] = StreamModel(
    name="send rate", initial=SendRate(), evolve=evolve
)
