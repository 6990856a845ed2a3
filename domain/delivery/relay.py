"""Decisions about one relay: that it is used, and its breaker.

The breaker: closed -> open when it cannot be reached or refuses us, whoever we write to -> one
probe after a pause that grows -> closed, or open again.
"""

from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

import msgspec

from domain.delivery.relay_events import (
    RelayAdded,
    RelayClosed,
    RelayDisabled,
    RelayEnabled,
    RelayEvent,
    RelayOpened,
    RelayProbed,
    RelayRemoved,
)
from domain.shared.errors import IllegalTransitionError, InvalidInputError, NotFoundError
from domain.shared.model import StreamModel

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0
PROBE_S = 120.0  # a prober that died is followed by another one after this
POLICIES = frozenset({"require", "implicit", "may"})
MOST_PORT = 65_535


class Relay(msgspec.Struct, frozen=True, kw_only=True):
    """What decisions need: whether it is there and used, and where its breaker stands."""

    exists: bool = False
    enabled: bool = False
    open: bool = False
    trips: int = 0
    next_probe_at: datetime | None = None
    prober: UUID | None = None
    """Whose probe it is; with one, `next_probe_at` is when somebody else may try."""


def add(relay: Relay, *, added: RelayAdded) -> list[RelayEvent]:
    """Use a server. Raises InvalidInputError naming what is wrong with it."""
    if relay.exists:
        raise IllegalTransitionError("this relay is there already")
    if not added.label.strip() or not added.host.strip():
        raise InvalidInputError("a relay has a label and a host")
    if not 0 < added.port <= MOST_PORT:
        raise InvalidInputError(f"port is a number from 1 to {MOST_PORT}")
    if added.tls not in POLICIES:
        raise InvalidInputError(f"tls is one of {', '.join(sorted(POLICIES))}")
    if added.has_credentials and added.tls == "may":
        raise InvalidInputError("a password goes only over verified TLS: require or implicit")
    if min(added.connections, added.messages_per_connection, added.weight) < 1:
        raise InvalidInputError("connections, messages_per_connection and weight are at least 1")
    if added.rate_per_s < 0:
        raise InvalidInputError("rate_per_s is not negative; 0 is no limit")
    return [added]


def enable(relay: Relay, *, relay_id: UUID) -> list[RelayEvent]:
    """Use it again; its breaker stands where it stood."""
    _require(relay)
    return [] if relay.enabled else [RelayEnabled(relay_id=relay_id)]


def disable(relay: Relay, *, relay_id: UUID) -> list[RelayEvent]:
    """Begin nothing through it any more."""
    _require(relay)
    return [RelayDisabled(relay_id=relay_id)] if relay.enabled else []


def remove(relay: Relay, *, relay_id: UUID) -> list[RelayEvent]:
    """Forget it."""
    _require(relay)
    return [RelayRemoved(relay_id=relay_id)]


def fail(
    relay: Relay, *, relay_id: UUID, by: UUID, evidence: str, now: datetime, jitter: float
) -> list[RelayEvent]:
    """Open the breaker, or open it again after a failed probe of `by`; `jitter` is 0..1.

    What others still meet while it is open says nothing new.
    """
    if not relay.exists or (relay.open and relay.prober != by):
        return []
    trips = relay.trips + 1
    pause = min(FIRST_PAUSE_S * 2.0 ** min(trips - 1, 16), LONGEST_PAUSE_S) * (0.75 + jitter / 2)
    opened = RelayOpened(
        relay_id=relay_id,
        evidence=evidence,
        trips=trips,
        next_probe_at=now + timedelta(seconds=pause),
    )
    return [opened]


def probe(relay: Relay, *, relay_id: UUID, by: UUID, now: datetime) -> list[RelayEvent]:
    """Let one dispatcher try, when the pause is over or the last prober was not heard of."""
    if not (relay.exists and relay.enabled and relay.open):
        return []
    if relay.next_probe_at is not None and now < relay.next_probe_at:
        return []
    return [RelayProbed(relay_id=relay_id, prober=by, until=now + timedelta(seconds=PROBE_S))]


def recover(relay: Relay, *, relay_id: UUID, by: UUID) -> list[RelayEvent]:
    """Close the breaker upon the answer to the probe of `by`."""
    return [RelayClosed(relay_id=relay_id)] if relay.open and relay.prober == by else []


def _require(relay: Relay) -> None:
    if not relay.exists:
        raise NotFoundError("there is no such relay in this workspace")


def evolve(relay: Relay, event: RelayEvent) -> Relay:
    """Fold one fact."""
    changed = msgspec.structs.replace
    match event:
        case RelayAdded():
            return Relay(exists=True, enabled=True)
        case RelayEnabled() | RelayDisabled():
            return changed(relay, enabled=isinstance(event, RelayEnabled))
        case RelayRemoved():
            return Relay()
        case RelayOpened():
            return changed(
                relay, open=True, trips=event.trips, next_probe_at=event.next_probe_at, prober=None
            )
        case RelayProbed():
            return changed(relay, prober=event.prober, next_probe_at=event.until)
        case RelayClosed():
            return changed(relay, open=False, trips=0, next_probe_at=None, prober=None)
        case _:
            assert_never(event)


RELAY: StreamModel[Relay, RelayEvent] = StreamModel(name="relay", initial=Relay(), evolve=evolve)
