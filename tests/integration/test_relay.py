"""The relay with real Postgres and JetStream: nothing is lost, and nobody has to help."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio
from msgspec.structs import replace
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from domain.shared.model import Fact
from infra.bootstrap import Adapters
from infra.embedded.nats import EmbeddedNats
from infra.nats.connection import connect
from infra.nats.stream import StreamLostError
from infra.postgres.connections import Role
from infra.postgres.relay_cursor import (
    LostLeadershipError,
    RelayCursor,
    load_cursor,
    move_cursor,
    take_leadership,
)
from infra.settings import Settings
from schemas.messages import STREAM, Envelope, parse_envelope
from tests.support.asking import asking
from tests.support.builders import a_fact, contact_imported, email_opened, fact
from workers import projector, relay
from workers.relay import Relay
from workers.runtime import Stop

pytestmark = pytest.mark.integration

WITHIN_S = 30.0


class Bus:
    """JetStream as the test sees it: every envelope that was published, in order."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.heard: list[Envelope] = []

    async def hear(self, message: Msg) -> None:
        self.heard.append(parse_envelope(message.subject, message.headers or {}, message.data))

    async def wipe(self) -> None:
        """Delete the stream with all its consumers."""
        with contextlib.suppress(NotFoundError):
            await self.client.jetstream().delete_stream(STREAM)

    async def has_a_consumer(self) -> None:
        """Wait until the projector listens to a stream that is there."""
        async with asyncio.timeout(WITHIN_S):
            while not await self._consumers():  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(0.02)

    async def _consumers(self) -> int:
        try:
            info = await self.client.jetstream().stream_info(STREAM)
        except NotFoundError:
            return 0
        return info.state.consumer_count


@pytest_asyncio.fixture
async def bus(nats_server: EmbeddedNats) -> AsyncIterator[Bus]:
    client = await connect(nats_server.url(), name="test")
    made = Bus(client)
    await made.wipe()  # of the tests before: positions begin at 1 in every database
    await client.subscribe("events.>", cb=made.hear)
    await client.flush()
    yield made
    await client.close()


@pytest_asyncio.fixture
async def two(settings: Settings, nats_server: EmbeddedNats) -> AsyncIterator[list[Adapters]]:
    """Two processes of the workers."""
    there = replace(settings, nats_url=nats_server.url())
    made = [Adapters(there, role=Role.WORKER, name=f"relay-{n}") for n in range(2)]
    yield made
    for adapters in made:
        await asyncio.to_thread(adapters.close)


def some_facts() -> list[Fact]:
    person = uuid4()
    return [a_fact(), fact(contact_imported(person)), fact(email_opened(uuid4(), person)), a_fact()]


async def record(app: Adapters, workspace: UUID) -> int:
    return await asyncio.to_thread(app.log.record, some_facts(), asking(workspace))


async def eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not await asyncio.to_thread(holds):
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.05)


def cursor_of(adapters: Adapters) -> int:
    with adapters.pool.connection() as connection:
        row = connection.execute("SELECT position FROM relay_cursor").fetchone()
    return int(row[0]) if row else 0


async def test_another_relay_takes_over_where_the_killed_one_was(
    settings: Settings, app: Adapters, bus: Bus, two: list[Adapters]
) -> None:
    workspace = uuid4()
    leader, heir = (Relay(adapters) for adapters in two)
    try:
        first = await record(app, workspace)
        assert await leader.step()
        assert not await leader.step(), "there is nothing more"
        second = await record(app, workspace)
        assert not await heir.step(), "one relay leads"
        assert cursor_of(two[0]) == first

        killed = await asyncio.to_thread(kill_link_of, settings, "relay-0")
        assert killed >= 1
        assert await heir.step()
        assert cursor_of(two[1]) == second
        with pytest.raises(psycopg.OperationalError):
            await leader.step()
        third = await record(app, workspace)
        assert not await leader.step(), "it comes back as the one that waits"
        assert await heir.step()
        await bus.client.flush()
        await asyncio.sleep(0)
    finally:
        await leader.close()
        await heir.close()
    told = [event[0] for envelope in bus.heard for event in envelope.events]
    assert told == list(range(1, third + 1)), "no event was left out, none was published twice"
    assert bus.heard[-1].previous["contacts"] == third - 2


def kill_link_of(settings: Settings, name: str) -> int:
    with psycopg.connect(settings.database_url, autocommit=True) as admin:
        return admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = %s AND datname = current_database()",
            (name,),
        ).rowcount


async def test_a_page_published_but_not_noted_down_is_published_again(
    app: Adapters, bus: Bus, two: list[Adapters]
) -> None:
    """The relay died between the acknowledgement and its cursor: told twice is harmless."""
    first, second = (Relay(adapters) for adapters in two)
    try:
        position = await record(app, uuid4())
        assert await first.step()
        with two[0].pool.connection() as connection:
            connection.execute("UPDATE relay_cursor SET position = 0, published = '{}'")
        await first.close()
        assert await second.step()
        await bus.client.flush()
        info = await bus.client.jetstream().stream_info(STREAM)
    finally:
        await first.close()
        await second.close()
    assert cursor_of(two[1]) == position
    half = len(bus.heard) // 2
    assert bus.heard[:half] == bus.heard[half:], "the same envelopes, word for word"
    assert info.state.messages == half, "and JetStream kept one of each"


async def test_a_relay_that_lost_its_lead_unnoticed_does_not_move_the_cursor(
    two: list[Adapters],
) -> None:
    def race() -> None:
        with two[0].connection(Role.WORKER) as old, two[1].connection(Role.WORKER) as new:
            assert take_leadership(old, 0)
            assert not take_leadership(new, 0)
            assert take_leadership(new, 1), "another shard is another matter"
            seen = load_cursor(old, 0)
            move_cursor(new, 0, seen, RelayCursor(7, {"contacts": 7}))
            with pytest.raises(LostLeadershipError, match="is not 0 any more"):
                move_cursor(old, 0, seen, RelayCursor(5, {"contacts": 5}))
            assert load_cursor(new, 0) == RelayCursor(7, {"contacts": 7})

    await asyncio.to_thread(race)


async def test_a_relay_alone_makes_a_deleted_stream_again_and_publishes_the_page_into_it(
    app: Adapters, bus: Bus, two: list[Adapters]
) -> None:
    alone = Relay(two[0])
    try:
        first = await record(app, uuid4())
        assert await alone.step()
        assert await bus.client.jetstream().delete_stream(STREAM)
        second = await record(app, uuid4())
        with pytest.raises(StreamLostError):  # and not after the time an acknowledgement may take
            await alone.step()
        assert cursor_of(two[0]) == first, "what nobody acknowledged is not published"
        assert await alone.step()
        info = await bus.client.jetstream().stream_info(STREAM)
    finally:
        await alone.close()
    assert cursor_of(two[0]) == second
    assert info.state.messages == 3


async def test_a_wiped_jetstream_comes_back_without_help(
    app: Adapters, bus: Bus, two: list[Adapters]
) -> None:
    stop, workspace = Stop(), uuid4()
    running = [
        asyncio.create_task(relay.run(two[0], stop)),
        asyncio.create_task(projector.run(two[1], stop)),
    ]

    def arrived(position: int) -> bool:
        with two[0].pool.connection() as connection:
            row = connection.execute("SELECT min(position) FROM projections").fetchone()
        return bool(row and row[0] >= position) and cursor_of(two[0]) >= position

    try:
        await bus.has_a_consumer()
        position = await record(app, workspace)
        await eventually(lambda at=position: arrived(at))
        assert await bus.client.jetstream().delete_stream(STREAM)
        position = await record(app, workspace)
        await eventually(lambda at=position: arrived(at))
        await bus.has_a_consumer()
    finally:
        stop.set()
        await asyncio.gather(*running)
    told = {event[0] for envelope in bus.heard for event in envelope.events}
    assert told == set(range(1, position + 1)), "what was not acknowledged was published again"
