"""Backups that are damaged, restores that are cut off, places that are taken."""

import asyncio
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace

from infra.backup.generation import new_generation
from infra.bootstrap import Adapters
from infra.embedded.nats import EmbeddedNats
from infra.embedded.postgres import EmbeddedPostgres
from infra.nats.connection import connect
from infra.postgres.connections import Role
from infra.postgres.heartbeats import beating
from infra.settings import Settings
from projections.registry import PROJECTIONS
from schemas.messages import STREAM
from tests.support.asking import asking
from tests.support.backups import PEOPLE, moved_in, new_home, settled_house, who_is
from tests.support.builders import a_fact
from tests.support.cli import ROOT, Engine, command, environment, until
from tests.support.http_client import serving
from tests.support.importing import ContactBook
from workers.relay import Relay

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def book(app: Adapters, worker: Adapters, tmp_path: Path) -> ContactBook:
    return settled_house(app, worker, tmp_path)


@pytest.fixture
def backup(settings: Settings, book: ContactBook, tmp_path: Path) -> Path:
    del book
    folder = tmp_path / "backup"
    Engine(environment(settings)).json("backup", str(folder))
    return folder


@pytest.fixture
def home(settings: Settings, postgres: EmbeddedPostgres) -> Iterator[Settings]:
    with new_home(settings, postgres) as made:
        yield made


def test_one_flipped_byte_is_refused_by_name(home: Settings, backup: Path) -> None:
    there = Engine(environment(home))
    for name in ("log.dump", "vault.dump", "manifest.json"):
        file = backup / name
        content = file.read_bytes()
        middle = len(content) // 2
        file.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        assert f"{file} is damaged" in there.refused("restore", str(backup))
        file.write_bytes(content)
    (backup / "vault.dump").rename(backup / "away")
    assert f"{backup}/vault.dump is missing" in there.refused("restore", str(backup))
    assert "is no backup: it has no manifest.json" in there.refused("restore", str(backup.parent))


def test_a_backup_needs_a_place_of_its_own_and_is_there_whole_or_not_at_all(
    settings: Settings, backup: Path, tmp_path: Path
) -> None:
    before = {file.name: file.read_bytes() for file in backup.iterdir()}
    assert "exists" in Engine(environment(settings)).refused("backup", str(backup))
    full = subprocess.run(
        command("backup", str(tmp_path / "second")),
        cwd=ROOT,
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
        # A file that may not grow is a disk that is full, for one process alone.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert full.returncode == 1
    assert full.stderr.startswith("Error: pg_dump failed: ")
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("second")] == []
    assert {file.name: file.read_bytes() for file in backup.iterdir()} == before


def test_a_place_that_is_taken_is_not_overwritten(
    settings: Settings, home: Settings, backup: Path, worker: Adapters, app: Adapters
) -> None:
    engine = Engine(environment(settings))
    taken = engine.refused("restore", str(backup))
    assert "is in use by test-" in taken
    assert "stop the engine first" in taken
    horizon = worker.reader.horizon()
    worker.close()
    app.close()
    assert "is not empty: with --force it is replaced" in engine.refused("restore", str(backup))
    done = engine.json("restore", str(backup), "--force")
    assert (done["horizon"], done["erased_again"]) == (horizon, 0)
    assert set(done["read_models"]) == set(PROJECTIONS)
    assert engine.json("log", "verify-order")["ok"]
    del home


def test_keys_and_erasures_that_are_older_than_the_backup_are_refused(
    settings: Settings, home: Settings, book: ContactBook, worker: Adapters, tmp_path: Path
) -> None:
    folder, there = tmp_path / "backup", Engine(environment(home))
    worker.vault.destroy(book.workspace_id, who_is(book, "person3@example.com"))
    Engine(environment(settings)).json("backup", str(folder))
    ledger = settings.vault_keys_dir / "erasures.log"
    known = ledger.read_bytes()
    ledger.write_bytes(b"")
    assert "names 0 persons, the backup already knew 1" in there.refused("restore", str(folder))
    ledger.write_bytes(known)
    (settings.vault_keys_dir / "epoch-0001.key").unlink()
    assert "no key here opens the backup, which is of epoch 1" in there.refused(
        "restore", str(folder)
    )


def test_a_restore_that_was_cut_is_not_ready_and_can_be_repeated(
    home: Settings, backup: Path, postgres: EmbeddedPostgres, book: ContactBook, tmp_path: Path
) -> None:
    there = Engine(environment(home))
    log, vault = (url.rpartition("/")[2] for url in (home.database_url, home.vault_url))

    def databases() -> set[str]:
        with psycopg.connect(postgres.dsn()) as admin:
            rows = admin.execute("SELECT datname FROM pg_database").fetchall()
        return {name for (name,) in rows} & {log, vault, f"{log}_restoring", f"{vault}_restoring"}

    def not_ready() -> None:
        assert "does not exist" in there.refused("workspace", "list")
        adapters = Adapters(home, role=Role.APP, name="api")
        with serving(adapters) as client:
            assert client.get("/readyz").status_code == 503
        adapters.close()

    cut = subprocess.Popen(command("restore", str(backup)), cwd=ROOT, env=environment(home))
    until(lambda: f"{vault}_restoring" in databases())
    cut.kill()
    cut.wait()
    not_ready()

    # The last step but one: the vault has its name, the log cannot get it while somebody looks.
    done = there.json("restore", str(backup))
    assert done["keys_restored"] == 0, "its epoch is still there"
    with psycopg.connect(postgres.dsn(), autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{log}" RENAME TO "{log}_restoring"'.encode())
    assert databases() == {f"{log}_restoring", vault}
    not_ready()
    there.json("restore", str(backup))
    assert databases() == {log, vault}
    with moved_in(home) as restored:
        back = ContactBook(restored, tmp_path, workspace_id=book.workspace_id)
        assert len(back.readable()) == PEOPLE


def test_a_copy_that_somebody_restored_by_hand_is_not_served_before_it_is_settled(
    settings: Settings, app: Adapters, worker: Adapters, book: ContactBook, tmp_path: Path
) -> None:
    """The fence is gone, as in any older copy of the vault; the ledger is not."""
    env = environment(settings)
    worker.vault.destroy(book.workspace_id, who_is(book, "person3@example.com"))
    with psycopg.connect(settings.vault_url, autocommit=True) as admin:
        admin.execute("TRUNCATE fences")
    with serving(app) as client:
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["vault"]) == (503, "down")
        said = tmp_path / "projector.log"
        with said.open("wb") as out:
            waiting = subprocess.Popen(
                command("worker", "projector"), cwd=ROOT, env=env, stdout=out, stderr=out
            )
        try:
            until(lambda: b"vault_older_than_its_erasures" in said.read_bytes())
            assert not beats(worker, "projector")
            Engine(env).json("db", "migrate")
            until(lambda: beats(worker, "projector"))
        finally:
            waiting.kill()
            waiting.wait()
        assert client.get("/readyz").status_code == 200


def beats(worker: Adapters, name: str) -> bool:
    return name in beating(worker.pool, within_s=3600)


def test_positions_go_on_where_the_stream_has_none(
    settings: Settings, nats_server: EmbeddedNats, app: Adapters
) -> None:
    """What the lost part of the log published stands in the stream, under its positions."""
    app.log.record([a_fact()], asking(uuid4()))
    adapters = Adapters(
        replace(settings, nats_url=nats_server.url()), role=Role.WORKER, name="relay"
    )

    async def published() -> int:
        relay = Relay(adapters)
        client = await connect(nats_server.url(), name="counting")
        try:
            while await relay.step():
                pass
            return (await client.jetstream().stream_info(STREAM)).state.messages
        finally:
            await client.close()
            await relay.close()

    asyncio.run(published())
    with psycopg.connect(settings.database_url, autocommit=True) as admin:
        app.log.record([a_fact()], asking(uuid4()))
        before = asyncio.run(published())
        # The database goes back to before the second append, as a restore does.
        admin.execute("SET session_replication_role = replica")
        admin.execute("DELETE FROM commits WHERE first_position = 2")
        admin.execute("DELETE FROM events WHERE position = 2")
        admin.execute("SELECT setval('log_position', 1)")
        admin.execute("UPDATE relay_cursor SET position = 2")
    assert new_generation(settings.database_url) == 1
    app.log.record([a_fact()], asking(uuid4()))
    assert asyncio.run(published()) == before + 1
    adapters.close()
