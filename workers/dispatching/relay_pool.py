"""The relays that this dispatcher may hand mail to: which is next, and which are left alone.

A workspace's own relays go before the shared ones, and with none of either mail goes through the
relay of the settings. Each relay has connections of its own, for nobody else's credentials; they
are opened when there is work. What others changed is seen within half a second.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog

from commands.delivery.add_relay import Credentials
from commands.delivery.change_relay import change_relay
from domain.delivery import relay as decisions
from domain.delivery.relay import Relay
from domain.delivery.relay_choice import after_sending, next_relay
from domain.delivery.relay_events import RelayEvent
from domain.shared.platform import PLATFORM
from infra.clock import new_id
from infra.eventstore.log import PostgresEventLog
from infra.postgres.relay_rates import RelayRate, RelayRates
from infra.postgres.relays import KnownRelay, PostgresRelays
from infra.smtp.options import RelayOptions, TlsPolicy
from infra.smtp.sender import SmtpSender
from workers.acting import acting
from workers.dispatching.open_relay import OpenRelay
from workers.dispatching.persistence import AWAY, persist

log = structlog.get_logger()

LOOK_EVERY_S = 0.5
RAMP_S = 5.0  # after a recovery the connections double in this time (DP-3)
CLOSE_S = 5.0  # for what is in flight through a relay that was disabled


def takes_bulk(relay: KnownRelay) -> bool:
    """Tell whether campaigns go through it."""
    return relay.bulk


def takes_transactional(relay: KnownRelay) -> bool:
    """Tell whether the installation's own mail goes through it; never through a workspace's."""
    return relay.transactional and relay.workspace_id == PLATFORM


class RelayPool:
    """Picks relays and tells the log how they are; `default` is the relay of the settings.

    `takes` says which relays are for what this pool sends, over connections of its own.
    """

    def __init__(
        self,
        log_: PostgresEventLog,
        *,
        default: OpenRelay,
        relays: PostgresRelays | None,
        rates: RelayRates,
        owner: UUID,
        now: Callable[[], datetime],
        jitter: Callable[[], float],
        takes: Callable[[KnownRelay], bool] = takes_bulk,
        most_connections: int | None = None,
        max_age_s: float,
    ) -> None:
        self._log = log_
        self._default = default
        self._relays = relays
        self._rates = rates
        self._owner = owner
        self._now = now
        self._jitter = jitter
        self._takes = takes
        self._most_connections = most_connections
        self._max_age_s = max_age_s
        self._seen: set[UUID] = set()
        self._known: dict[UUID, KnownRelay] = {}
        self._opened: dict[UUID, OpenRelay] = {}
        self._owed: dict[UUID, dict[UUID, float]] = {}
        self._turn = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()
        self._ended = False

    async def run(self) -> None:
        """Keep up with what is decided about relays, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await asyncio.to_thread(self._look)
            except AWAY as error:
                log.warning("relays_not_seen", error=error)
                continue
            for relay_id in [one for one in self._opened if not self._is_current(one)]:
                self._close(self._opened.pop(relay_id), drain_s=CLOSE_S)

    def may_leave(self, workspace_id: UUID) -> bool:
        """Tell whether there is a relay for the workspace's mail now; called before a claim."""
        if workspace_id not in self._seen:
            self._seen.add(workspace_id)
            self._look()
        found = self._candidates(workspace_id)
        return found is None or any(self._is_free(one) or self._is_due(one) for one in found)

    async def pick(
        self, workspace_id: UUID, *, without: Collection[OpenRelay] = ()
    ) -> OpenRelay | None:
        """Return the relay for the next chunk; None when each is closed to us, or was tried."""
        if self._ended:
            return None
        async with self._turn:
            found = self._candidates(workspace_id)
            if found is None:
                return None if self._default in without else self._default
            # One whose connections were closed since, because it was changed, may be tried anew.
            tried = {one.relay_id for one in without if one in self._opened.values()}
            found = [one for one in found if one.relay_id not in tried]
            for one in found:
                if self._is_due(one) and await self._probe(one):
                    return await self._open(one)
            free = {one.relay_id: one for one in found if self._is_free(one)}
            if not free:
                return None
            weights = {relay_id: one.weight for relay_id, one in free.items()}
            owed = self._owed.get(workspace_id, {})
            chosen = await self._open(free[next_relay(weights, owed)])
            if chosen.relay_id is not None:
                size = chosen.chunk
                self._owed[workspace_id] = after_sending(
                    weights, owed, through=chosen.relay_id, messages=size
                )
            return chosen

    async def failed(self, relay: OpenRelay, *, evidence: str) -> None:
        """Open the relay's breaker for all dispatchers."""
        known = self._known.get(relay.relay_id) if relay.relay_id else None
        if known is None:
            return
        now, jitter = self._now(), self._jitter()
        await self._decide(
            known,
            lambda state: decisions.fail(
                state,
                relay_id=known.relay_id,
                by=self._owner,
                evidence=evidence,
                now=now,
                jitter=jitter,
            ),
        )
        log.warning("relay_opened", relay=relay.name, evidence=evidence)

    async def answered(self, relay: OpenRelay) -> None:
        """Close the breaker again, when it was this dispatcher's probe that was answered."""
        known = self._known.get(relay.relay_id) if relay.relay_id else None
        if known is not None and relay.probing:
            await self._decide(
                known,
                lambda state: decisions.recover(state, relay_id=known.relay_id, by=self._owner),
            )

    async def aclose(self, *, drain_s: float) -> None:
        """Send nothing more; what is in flight may end."""
        self._ended = True
        for relay in [self._default, *self._opened.values()]:
            self._close(relay, drain_s=drain_s)
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _look(self) -> None:
        if self._relays is not None:
            found = self._relays.known(tuple(self._seen))
            self._known = {one.relay_id: one for one in found}

    def _candidates(self, workspace_id: UUID) -> Sequence[KnownRelay] | None:
        """Return the relays that are meant for the workspace; None for that of the settings."""
        known = [one for one in self._known.values() if self._takes(one)]
        own = [one for one in known if one.workspace_id == workspace_id and one.enabled]
        shared = [one for one in known if one.workspace_id == PLATFORM]
        return own or ([one for one in shared if one.enabled] if shared else None)

    def _is_current(self, relay_id: UUID) -> bool:
        """Tell whether the open connections are those that the relay should have."""
        known = self._known.get(relay_id)
        current = known is not None and known.version == self._opened[relay_id].version
        return known is not None and current and known.enabled and self._takes(known)

    def _is_free(self, one: KnownRelay) -> bool:
        opened = self._opened.get(one.relay_id)
        busy = opened is not None and opened.flying > 0
        return one.breaker == "closed" and not (busy and self._ramp(one) < one.connections)

    def _is_due(self, one: KnownRelay) -> bool:
        due = one.next_probe_at is None or one.next_probe_at <= self._now()
        return one.breaker != "closed" and due

    def _ramp(self, one: KnownRelay) -> int:
        """Return how many connections the relay may have: few at first after a recovery."""
        if not one.evidence:
            return one.connections
        steps = (self._now() - one.since) / timedelta(seconds=RAMP_S)
        return min(one.connections, int(2.0 ** min(max(steps, 0.0), 16)))

    async def _probe(self, one: KnownRelay) -> bool:
        now = self._now()
        return await self._decide(
            one,
            lambda state: decisions.probe(state, relay_id=one.relay_id, by=self._owner, now=now),
        )

    async def _decide(
        self, one: KnownRelay, decision: Callable[[Relay], Sequence[RelayEvent]]
    ) -> bool:
        """Decide for all dispatchers; tell whether this one had something to say."""
        relays = self._relays
        if relays is None:
            return False
        decided: list[RelayEvent] = []

        def remembered(state: Relay) -> Sequence[RelayEvent]:
            decided[:] = decision(state)
            return decided

        context = acting("dispatcher", one.workspace_id, new_id())
        await persist(lambda: change_relay(one.relay_id, remembered, context, self._log, relays))
        await persist(self._look)
        return bool(decided)

    async def _open(self, one: KnownRelay) -> OpenRelay:
        opened = self._opened.get(one.relay_id)
        if opened is None:
            opened = await persist(lambda: self._connectable(one))
            self._opened[one.relay_id] = opened
        current = self._known.get(one.relay_id, one)
        opened.probing = current.breaker == "probing"
        ramp = self._ramp(current)
        opened.most = 1 if opened.probing else ramp if ramp < one.connections else None
        return opened

    def _connectable(self, one: KnownRelay) -> OpenRelay:
        assert self._relays is not None  # noqa: S101  what is known came from there
        options = options_of(one, self._relays.credentials(one))
        connections = min(options.connections, self._most_connections or options.connections)
        options = msgspec.structs.replace(
            options, connections=connections, max_age_s=self._max_age_s
        )
        rate = RelayRate(str(one.relay_id), one.rate_per_s) if one.rate_per_s > 0 else None
        if rate is not None:
            self._rates.allow(rate)
        return OpenRelay(
            name=f"{one.host}:{one.port}",
            sender=SmtpSender(options),
            rate=rate,
            settler=msgspec.structs.replace(self._default.settler, relay=f"{one.host}:{one.port}"),
            relay_id=one.relay_id,
            version=one.version,
        )

    def _close(self, relay: OpenRelay, *, drain_s: float) -> None:
        task = asyncio.create_task(relay.sender.aclose(drain_s=drain_s))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def options_of(relay: KnownRelay, credentials: Credentials | None) -> RelayOptions:
    """Return how a relay is reached."""
    return RelayOptions(
        host=relay.host,
        port=relay.port,
        username=credentials.username if credentials else None,
        password=credentials.password if credentials else None,
        tls=TlsPolicy(relay.tls),
        connections=relay.connections,
        max_messages_per_connection=relay.messages_per_connection,
        public_only=not relay.may_be_private and relay.workspace_id != PLATFORM,
        connect_attempts=2,
    )
