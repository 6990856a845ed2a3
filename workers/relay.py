"""The relay: follows the log by position and publishes it to JetStream in envelopes."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from uuid import UUID

import psycopg
import structlog
from msgspec.structs import replace
from nats.aio.client import Client
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.bootstrap import Adapters
from infra.eventstore.correlations import correlations_of
from infra.eventstore.event_types import context_of
from infra.eventstore.reader import PAGE, LogRow, read_page
from infra.failpoints import Failpoint, failpoint
from infra.nats.connection import connect
from infra.nats.stream import EnvelopePublisher
from infra.observability.tracing import span
from infra.postgres.connections import Role
from infra.postgres.heartbeats import beat
from infra.postgres.relay_cursor import (
    LostLeadershipError,
    RelayCursor,
    load_cursor,
    move_cursor,
    take_leadership,
)
from schemas.messages import MOST_CORRELATIONS, WAKE, Envelope
from workers.runtime import BEAT_EVERY_S, Stop, run_steps_async

log = structlog.get_logger()

MAX_EVENTS = 500
MAX_BYTES = 256 * 1024
POLL_S = 0.25
SHARD = 0


class Relay:
    """Reads pages, publishes them, then moves its cursor by compare-and-set."""

    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters
        self._connection: Connection[TupleRow] | None = None
        self._client: Client | None = None
        self._publisher: EnvelopePublisher | None = None
        self._news = asyncio.Event()
        self._cursor: RelayCursor | None = None  # None: as the database has it
        self._ahead: asyncio.Task[Sequence[LogRow]] | None = None

    async def step(self) -> bool:
        """Publish the next page; tells whether there was one."""
        try:
            connection = await asyncio.to_thread(self._lead)
            if connection is None:
                return False
            publisher = await self._connect()
            if self._cursor is None:
                self._cursor = await asyncio.to_thread(load_cursor, connection, SHARD)
            cursor = self._cursor
            page = await self._next_page(connection, cursor.position)
            if not page:
                return False
            failpoint(Failpoint.RELAY_READ)
            published = dict(cursor.published)
            found = await asyncio.to_thread(correlations_of, connection, page)
            runs = [_told(run, found) for run in envelopes(page, published)]
            with span("relay_publish", events=len(page), envelopes=len(runs)):
                await publisher.publish(runs)
            failpoint(Failpoint.RELAY_PUBLISHED)
            after = RelayCursor(page[-1].position, published)
            await asyncio.to_thread(move_cursor, connection, SHARD, cursor, after)
            self._cursor = after
            failpoint(Failpoint.RELAY_MOVED)
        except (psycopg.Error, LostLeadershipError):
            await self._abdicate()
            raise
        except Exception:
            # Nobody acknowledged: perhaps the stream is gone. It is made again, and the same
            # page is published again, since the cursor has not moved.
            await self._drop_ahead()
            if self._publisher is not None:
                await self._publisher.ensure_stream()
            raise
        return True

    async def _next_page(self, connection: Connection[TupleRow], after: int) -> Sequence[LogRow]:
        """Return the page after a position; the one behind it is read while it is published."""
        ahead, self._ahead = self._ahead, None
        page = await ahead if ahead else ()
        if not page:
            page = await asyncio.to_thread(read_page, connection, after)
        if len(page) == PAGE:
            reading = asyncio.to_thread(read_page, connection, page[-1].position)
            self._ahead = asyncio.create_task(reading)
        return page

    async def _drop_ahead(self) -> None:
        """Wait for the read that is under way and forget it: the cursor is not where it began."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            with suppress(psycopg.Error):
                await ahead

    async def wait(self, seconds: float) -> None:
        """Sleep until somebody commits, at most so long."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return
        self._news.clear()

    async def close(self) -> None:
        """Let go of the lock and the link."""
        await self._abdicate()
        if self._client is not None:
            await self._client.close()

    def _lead(self) -> Connection[TupleRow] | None:
        """Return the connection that holds the lock; None while another relay has it."""
        if self._connection is not None:
            return self._connection
        connection = self._adapters.connection(Role.WORKER)
        if not take_leadership(connection, SHARD):
            connection.close()
            return None
        self._connection = connection
        log.info("relay_leads", shard=SHARD)
        return connection

    async def _abdicate(self) -> None:
        await self._drop_ahead()
        self._cursor = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _connect(self) -> EnvelopePublisher:
        if self._publisher is None:
            self._client = await connect(self._adapters.settings.nats_url, name="relay")
            await self._client.subscribe(WAKE, cb=self._wake)
            publisher = EnvelopePublisher(self._client)
            await publisher.ensure_stream()
            self._publisher = publisher
        return self._publisher

    async def _wake(self, _: object) -> None:
        self._news.set()


def envelopes(rows: Sequence[LogRow], published: dict[str, int]) -> Iterator[Envelope]:
    """Cut a page into runs of one workspace and context, at most 500 events or 256 KiB.

    `published` (context -> last position) is carried along, and is what every envelope says of
    the past: a consumer of any set of contexts sees by it whether it missed something. A single
    event above the limit travels as an empty envelope: the consumer reads it from the log.
    """
    start, size, workspace, context = 0, 0, -1, ""
    for at, (_, owner, _, _, _, _, tag, data, _) in enumerate(rows):
        cut = at > start and (
            owner.int != workspace
            or context_of(tag) != context
            or at - start >= MAX_EVENTS
            or size + len(data) > MAX_BYTES
        )
        if cut:
            yield _envelope(rows[start:at], published, size)
            start, size = at, 0
        if at == start:
            workspace, context = owner.int, context_of(tag)
        size += len(data)
    if rows:
        yield _envelope(rows[start:], published, size)


def _envelope(run: Sequence[LogRow], published: dict[str, int], size: int) -> Envelope:
    context = context_of(run[0].tag)
    envelope = Envelope(
        workspace_id=run[0].workspace_id,
        context=context,
        first=run[0].position,
        last=run[-1].position,
        previous=dict(published),
        events=[] if size > MAX_BYTES else list(run),
    )
    published[context] = run[-1].position
    return envelope


def _told(run: Envelope, correlations: Mapping[UUID, UUID]) -> Envelope:
    """Return the envelope with the correlation ids of its events, in their order."""
    commands = dict.fromkeys(event[4] for event in run.events)
    ids = dict.fromkeys(correlations[name] for name in commands if name in correlations)
    return replace(run, correlations=list(ids)[:MOST_CORRELATIONS])


async def run(adapters: Adapters, stop: Stop) -> None:
    """Relay until the stop."""
    relay = Relay(adapters)
    beating = asyncio.create_task(_beat(adapters, stop))

    async def step() -> bool:
        if not await relay.step():
            await relay.wait(POLL_S)
        return True

    try:
        await run_steps_async("relay", stop, step, idle_s=POLL_S)
    finally:
        beating.cancel()
        await relay.close()


async def _beat(adapters: Adapters, stop: Stop) -> None:
    while not stop:
        await asyncio.to_thread(beat, adapters.pool, "relay")
        await asyncio.sleep(BEAT_EVERY_S)
