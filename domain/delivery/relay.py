"""Decisions about one relay: that it is used, and its breaker.

The breaker: closed -> open when it cannot be reached or refuses us, whoever we write to -> one
probe after a pause that grows -> closed, or open again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

import msgspec

from domain.delivery.relay_events import (
    RelayAdded,
    RelayCheckAsked,
    RelayChecked,
    RelayClosed,
    RelayCredentialsReplaced,
    RelayDisabled,
    RelayEnabled,
    RelayEvent,
    RelayOpened,
    RelayProbed,
    RelayRemoved,
    RelayTuned,
)
from domain.shared.errors import IllegalTransitionError, InvalidInputError, NotFoundError
from domain.shared.model import StreamModel

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0
PROBE_S = 120.0  # a prober that died is followed by another one after this
POLICIES = frozenset({"require", "implicit", "may"})
MOST_PORT = 65_535
MOST = 1_000
OVER_TLS = "a password goes only over verified TLS: tls is require or implicit for that"


class Tuning(msgspec.Struct, frozen=True, kw_only=True):
    """How a relay is used; all of it may change while mail goes through it. A rate of 0: no limit.

    `bulk` and `transactional` are what it is for.
    """

    label: str
    rate_per_s: float
    connections: int
    messages_per_connection: int
    weight: int
    bulk: bool = True
    transactional: bool = False


class Relay(msgspec.Struct, frozen=True, kw_only=True):
    """What decisions need: whether it is there and used, and where its breaker stands."""

    tuning: Tuning | None = None
    """None: it is not there."""
    tls: str = ""
    checking: bool = False
    """A check was asked for and nobody has made it yet."""
    enabled: bool = False
    open: bool = False
    trips: int = 0
    next_probe_at: datetime | None = None
    prober: UUID | None = None
    """Whose probe it is; with one, `next_probe_at` is when somebody else may try."""

    @property
    def exists(self) -> bool:
        """Whether it is there."""
        return self.tuning is not None


def add(relay: Relay, *, added: RelayAdded, shared: bool) -> list[RelayEvent]:
    """Use a server, of the installation when `shared`.

    Raises InvalidInputError naming what is wrong with it.
    """
    if relay.exists:
        raise IllegalTransitionError("this relay is there already")
    if not added.host.strip():
        raise InvalidInputError("a relay has a host")
    if not 0 < added.port <= MOST_PORT:
        raise InvalidInputError(f"port is a number from 1 to {MOST_PORT}")
    if added.tls not in POLICIES:
        raise InvalidInputError(f"tls is one of {', '.join(sorted(POLICIES))}")
    if added.has_credentials and added.tls == "may":
        raise InvalidInputError(OVER_TLS)
    _check_tuning(_tuning_of(added), shared=shared)
    return [added]


def _tuning_of(event: RelayAdded | RelayTuned) -> Tuning:
    return msgspec.convert(event, Tuning, from_attributes=True)


def _check_tuning(tuning: Tuning, *, shared: bool) -> None:
    if not tuning.label.strip():
        raise InvalidInputError("a relay has a label")
    if min(tuning.connections, tuning.messages_per_connection, tuning.weight) < 1:
        raise InvalidInputError("connections, messages_per_connection and weight are at least 1")
    if max(tuning.connections, tuning.weight) > MOST:
        raise InvalidInputError(f"connections and weight are at most {MOST}")
    if tuning.rate_per_s < 0:
        raise InvalidInputError("rate_per_s is not negative; 0 is no limit")
    if not (tuning.bulk or tuning.transactional):
        raise InvalidInputError("a relay is for bulk or transactional mail, or for both; pause it")
    if tuning.transactional and not shared:
        # Sign-in links and invitations come from the installation's address, whoever they are for.
        raise InvalidInputError(
            "transactional mail is the installation's: it goes through its relays alone"
        )


def tune(
    relay: Relay, *, relay_id: UUID, changes: Mapping[str, object], shared: bool
) -> list[RelayEvent]:
    """Change how it is used; `changes` are fields of Tuning, the others stay as they are.

    Raises InvalidInputError naming what is wrong, NotFoundError.
    """
    before = _require(relay)
    after = msgspec.structs.replace(before, **changes)
    _check_tuning(after, shared=shared)
    if after == before:
        return []
    return [RelayTuned(relay_id=relay_id, **msgspec.structs.asdict(after))]


def replace_credentials(relay: Relay, *, relay_id: UUID, has_credentials: bool) -> list[RelayEvent]:
    """Log in to it otherwise from now on. Raises InvalidInputError, NotFoundError."""
    _require(relay)
    if has_credentials and relay.tls == "may":
        raise InvalidInputError(f"{OVER_TLS}; add the relay anew with one of them")
    return [RelayCredentialsReplaced(relay_id=relay_id, has_credentials=has_credentials)]


def ask_check(relay: Relay, *, relay_id: UUID) -> list[RelayEvent]:
    """Have a dispatcher connect to it; a check that was asked for already is the same one."""
    _require(relay)
    return [] if relay.checking else [RelayCheckAsked(relay_id=relay_id)]


def finish_check(relay: Relay, *, relay_id: UUID, reason: str, codes: str) -> list[RelayEvent]:
    """Say what the check that was asked for met; of two dispatchers that made it, the first."""
    if not relay.checking:
        return []
    return [RelayChecked(relay_id=relay_id, reason=reason, codes=codes)]


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


def _require(relay: Relay) -> Tuning:
    if relay.tuning is None:
        raise NotFoundError("there is no such relay in this workspace")
    return relay.tuning


def evolve(relay: Relay, event: RelayEvent) -> Relay:
    """Fold one fact."""
    changed = msgspec.structs.replace
    match event:
        case RelayAdded():
            relay = Relay(tuning=_tuning_of(event), tls=event.tls, enabled=True)
        case RelayTuned():
            relay = changed(relay, tuning=_tuning_of(event))
        case RelayCredentialsReplaced():
            pass
        case RelayCheckAsked() | RelayChecked():
            relay = changed(relay, checking=isinstance(event, RelayCheckAsked))
        case RelayEnabled() | RelayDisabled():
            relay = changed(relay, enabled=isinstance(event, RelayEnabled))
        case RelayRemoved():
            relay = Relay()
        case RelayOpened():
            relay = changed(
                relay, open=True, trips=event.trips, next_probe_at=event.next_probe_at, prober=None
            )
        case RelayProbed():
            relay = changed(relay, prober=event.prober, next_probe_at=event.until)
        case RelayClosed():
            relay = changed(relay, open=False, trips=0, next_probe_at=None, prober=None)
        case _:
            assert_never(event)
    return relay


RELAY: StreamModel[Relay, RelayEvent] = StreamModel(name="relay", initial=Relay(), evolve=evolve)
