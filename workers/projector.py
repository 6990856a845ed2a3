"""The projector: folds envelopes into every read model, and fills holes from the log."""

import asyncio
from collections.abc import Iterable, Sequence
from time import monotonic

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.bootstrap import Adapters
from infra.eventstore.mapper import Mapper
from infra.eventstore.reader import LogRow, as_log_row, read_page
from infra.nats.connection import connect
from infra.nats.stream import EnvelopeReader
from infra.observability.tracing import span
from infra.postgres.advisory_locks import OWNER_LOCK, try_lock
from infra.postgres.connections import Role
from infra.postgres.failures import reason_of
from infra.postgres.heartbeats import beat
from infra.projecting.ahead import bring_back
from infra.projecting.checkpoint import (
    AheadOfLogError,
    FencedError,
    VersionMismatchError,
    position_of,
)
from infra.projecting.crew import Crew, Rota
from infra.projecting.fold import BATCH, Folder
from infra.projecting.parking import AWAY
from infra.projecting.partitions import WHOLE, Partition
from infra.projecting.tables import LIVE
from projections.projection import Projection
from projections.registry import PROJECTIONS
from schemas.messages import Envelope
from workers.renewals import Renewals
from workers.runtime import BEAT_EVERY_S, Stop, run_steps_async

log = structlog.get_logger()

FETCH = 20  # envelopes a turn: at most 10,000 events
QUIET_S = 0.25  # without a message for so long we look at the log itself
LOOK_EVERY_S = 1.0  # at who else is here
ASK_AGAIN_S = 0.2  # for a partition that its former owner still holds
SAVE_EVERY_S = 0.25  # a checkpoint that moves over others' events alone


class LiveProjection:
    """A projection, or a partition of it, with its connection and checkpoint.

    The checkpoint is never ahead of its effects.
    """

    def __init__(
        self,
        projection: Projection,
        mapper: Mapper,
        adapters: Adapters,
        partition: Partition = WHOLE,
    ) -> None:
        self.projection = projection
        self.partition = partition
        self.position = -1
        self._mapper = mapper
        self._adapters = adapters
        self._connection: Connection[TupleRow] | None = None
        self._saved = -1
        self._saved_at = 0.0
        self._ask_again_at = 0.0

    def owned(self) -> bool:
        """Take the projection if it is free; tells whether it is ours."""
        if self._connection is not None:
            return True
        if monotonic() < self._ask_again_at:
            return False
        connection = self._adapters.connection(Role.WORKER)
        try:
            if try_lock(connection, OWNER_LOCK, f"{self.projection.name}:{self.partition}"):
                # Rows and checkpoint are lost together or not at all, and the log has them.
                connection.execute("SET synchronous_commit = off")
                self.position = self._saved = position_of(
                    connection, self.projection, self.partition
                )
                self._connection = connection
        except (VersionMismatchError, AheadOfLogError, FencedError) as error:
            log.warning("projection_unfit", projection=self.projection.name, error=str(error))
        finally:
            if self._connection is None:
                connection.close()
                self._ask_again_at = monotonic() + ASK_AGAIN_S
        return self._connection is not None

    def release(self) -> None:
        """Let go, after an error or at the end; the next `owned` starts from the database."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def take(self, envelopes: Sequence[Envelope]) -> None:
        """Apply envelopes in the order they came, in batches; holes are read from the log."""
        rows: list[LogRow] = []
        reached = self.position
        for envelope in envelopes:
            if envelope.last <= reached:
                continue
            seen_all = all(
                envelope.previous.get(context, 0) <= reached for context in self.projection.contexts
            )
            mine = envelope.context in self.projection.contexts
            if not seen_all or (mine and not envelope.events):
                self._apply(rows, upto=reached)
                rows = []
                self.read_log(upto=envelope.last)
            elif mine and self.partition.holds(envelope.workspace_id):
                rows += log_rows(envelope, after=reached)
                if len(rows) >= BATCH:
                    self._apply(rows, upto=envelope.last)
                    rows = []
            reached = max(reached, envelope.last, self.position)
        self._apply(rows, upto=reached)
        if monotonic() > self._saved_at + SAVE_EVERY_S:  # others' events do not end, perhaps
            self._save()

    def read_log(self, *, upto: int | None = None) -> None:
        """Apply what the log has after our position, up to `upto` or its horizon."""
        connection = self._owned_connection()
        while page := read_page(connection, self.position, upto=upto, limit=BATCH):
            folder = self._folder(connection)
            self._apply(folder.wanted(page, after=self.position), upto=page[-1].position)
        self._save()

    def _apply(self, rows: Sequence[LogRow], *, upto: int) -> None:
        """Fold rows and remember `upto`; without rows the checkpoint is moved at leisure."""
        if rows:
            connection = self._owned_connection()
            with span("project", projection=self.projection.name, events=len(rows)):
                self._folder(connection).fold_parking(rows, before=self._saved, after=upto)
            self._saved, self._saved_at = upto, monotonic()
        self.position = max(self.position, upto)

    def _save(self) -> None:
        if self.position > self._saved:
            connection = self._owned_connection()
            self._folder(connection).fold([], before=self._saved, after=self.position)
            self._saved, self._saved_at = self.position, monotonic()

    def _folder(self, connection: Connection[TupleRow]) -> Folder:
        return Folder(self.projection, self._mapper, connection, LIVE, self.partition)

    def _owned_connection(self) -> Connection[TupleRow]:
        if self._connection is None:
            raise FencedError(f"{self.projection.name} is not ours")
        return self._connection


def log_rows(envelope: Envelope, *, after: int) -> list[LogRow]:
    """Return the events of an envelope as the log has them, without those already seen."""
    rows = list(map(as_log_row, envelope.events))
    return rows if envelope.first > after else [row for row in rows if row.position > after]


class Projector:
    """What this process has of the projections, fed by one reader of the stream.

    `due` names projections that nobody may feed before a rebuild, and why.
    """

    def __init__(self, adapters: Adapters, projections: Iterable[Projection]) -> None:
        self._adapters = adapters
        self._projections = {projection.name: projection for projection in projections}
        self._live: dict[tuple[str, Partition], LiveProjection] = {}
        self._crew: Crew | None = None
        self._look_at = 0.0
        self._client: Client | None = None
        self._connecting: asyncio.Task[Client] | None = None
        self._envelopes: EnvelopeReader | None = None
        self.due: dict[str, str] = {}
        self._unfed: dict[str, str] = {}

    async def step(self) -> bool:
        """Take what the stream has; when it is silent or away, look at the log."""
        envelopes: list[Envelope] = []
        try:
            if reader := await self._reader():
                envelopes = await reader.read(limit=FETCH, timeout_s=QUIET_S)
        except (NatsError, OSError, TimeoutError, ValueError, KeyError) as error:
            log.debug("stream_unreadable", error=reason_of(error))
            await asyncio.sleep(QUIET_S)
        await asyncio.to_thread(self.feed, envelopes)
        return True

    def feed(self, envelopes: Sequence[Envelope]) -> None:
        """Give every projection its due; one that fails does not hold up the others."""
        for live in self._ours():
            name = live.projection.name
            try:
                if live.owned():
                    if envelopes:
                        live.take(envelopes)
                    else:
                        live.read_log()
            except (FencedError, *AWAY) as error:
                log.warning("projection_released", projection=name, error=reason_of(error))
                live.release()
            except Exception as error:
                log.exception("projection_failed", projection=name, error=reason_of(error))
                live.release()

    async def close(self) -> None:
        """Let go of everything."""
        self._leave()
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    def _ours(self) -> list[LiveProjection]:
        """Return our share; looked at anew now and then."""
        if monotonic() >= self._look_at:
            try:
                self._follow(self._rota())
                self._look_at = monotonic() + LOOK_EVERY_S
            except AWAY as error:
                log.warning("projector_without_database", error=reason_of(error))
                self._leave()
        return list(self._live.values())

    def _rota(self) -> Rota:
        if self._crew is None:
            connection = self._adapters.connection(Role.WORKER)
            bring_back(connection)
            self._crew = Crew(connection, self._projections.values())
        return self._crew.rota()

    def _follow(self, rota: Rota) -> None:
        """Let go of what others have now, and take up what is ours."""
        unfed = rota.due | rota.newer
        for name, reason in unfed.items():
            if self._unfed.get(name) != reason:
                log.warning("projection_not_fed", projection=name, reason=reason)
        self.due, self._unfed = rota.due, unfed
        ours = {(name, share) for name, shares in rota.mine.items() for share in shares}
        for gone in self._live.keys() - ours:
            self._live.pop(gone).release()
        for name, share in sorted(ours - self._live.keys()):
            self._live[name, share] = LiveProjection(
                self._projections[name], self._adapters.mapper, self._adapters, share
            )

    def _leave(self) -> None:
        for live in self._live.values():
            live.release()
        self._live.clear()
        if self._crew is not None:
            self._crew.close()
            self._crew = None

    async def _reader(self) -> EnvelopeReader | None:
        """Return the reader, once the bus is there: the client tries for ever, we do not wait."""
        if self._envelopes is None:
            if self._connecting is None:
                url = self._adapters.settings.nats_url
                self._connecting = asyncio.create_task(connect(url, name="projector"))
            done, _ = await asyncio.wait({self._connecting}, timeout=QUIET_S)
            if not done:
                return None
            connecting, self._connecting = self._connecting, None
            self._client = connecting.result()
            self._envelopes = EnvelopeReader(self._client)
        return self._envelopes


async def run(adapters: Adapters, stop: Stop) -> None:
    """Project until the stop."""
    projector = Projector(adapters, PROJECTIONS.values())
    renewals = Renewals()
    last_beat = 0.0

    async def step() -> bool:
        nonlocal last_beat
        now = asyncio.get_running_loop().time()
        if now - last_beat > BEAT_EVERY_S:
            await asyncio.to_thread(beat, adapters.pool, "projector")
            last_beat = now
        renewals.look(projector.due)
        return await projector.step()

    try:
        await run_steps_async("projector", stop, step, idle_s=QUIET_S)
    finally:
        await renewals.close()
        await projector.close()
