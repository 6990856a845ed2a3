"""JetStream's disk is full: read models go on, and the relay helps itself, with no restart."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from msgspec.structs import replace
from nats.errors import Error as NatsError

from domain.contacts.events import ImportFailed
from infra.bootstrap import Adapters
from infra.embedded.nats import EmbeddedNats
from infra.postgres.connections import Role
from infra.postgres.relay_cursor import load_cursor
from infra.settings import Settings
from tests.support.asking import asking
from tests.support.builders import fact
from tests.support.log_invariants import behind
from tests.support.working import catch_up
from workers.relay import SHARD, Relay

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROOM_BYTES = 12 * 1024**2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for a few envelopes."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM_BYTES}", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a disk that is full needs the right to mount a small one")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)  # noqa: S607


def big_facts(adapters: Adapters, megabytes: int) -> int:
    """Fill the log with so much; return the last position."""
    event = ImportFailed(import_id=uuid4(), code="x", reason="y" * 100_000)
    position = 0
    for _ in range(megabytes * 2):
        position = adapters.log.record([fact(event) for _ in range(5)], asking(uuid4()))
    return position


async def test_the_relay_makes_room_and_goes_on(settings: Settings, small_disk: Path) -> None:
    with EmbeddedNats(small_disk) as nats:
        there = replace(settings, nats_url=nats.url())
        adapters = Adapters(there, role=Role.WORKER, name="relay")
        relay = Relay(adapters)
        try:
            last = await asyncio.to_thread(big_facts, adapters, 9)
            while await relay.step():
                pass
            (small_disk / "somebody-elses").write_bytes(bytes(ROOM_BYTES - used(small_disk)))
            last = await asyncio.to_thread(big_facts, adapters, 1)
            with pytest.raises((NatsError, TimeoutError)):
                await relay.step()
            await asyncio.to_thread(catch_up, adapters)
            assert behind(adapters, last) == [], "no read model waits for the stream"
            assert await relay.step(), "what the stream held has made room"
            with adapters.connection(Role.WORKER) as connection:
                assert load_cursor(connection, SHARD).position == last
        finally:
            await relay.close()
            adapters.close()


def used(disk: Path) -> int:
    """Return the bytes in use on this file system, by its blocks."""
    room = os.statvfs(disk)
    return (room.f_blocks - room.f_bfree) * room.f_frsize
