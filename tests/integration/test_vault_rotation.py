"""Epochs of the vault: what a rotation keeps, what it kills, and what it survives."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Barrier, Event, Thread
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from msgspec.structs import replace

from infra.bootstrap import Adapters
from infra.crypto.epoch_keys import EpochKeyError, FileEpochKeys
from infra.crypto.rotation import Rotated, rotate
from infra.crypto.settle import settle, unsettled
from infra.crypto.vault_status import rotation_due
from infra.postgres.connections import Role
from infra.settings import Settings, SettingsError
from tests.support.cli import ROOT, Engine, command, environment, until
from tests.support.vault import crack, epochs_of_keys, opened, seal, stolen_rows
from workers.vault_keeper import VaultKeeper

pytestmark = pytest.mark.integration

HOUSE = UUID(int=1)
PEOPLE = [UUID(int=number) for number in range(1, 41)]
ANN, BOB = PEOPLE[:2]


@pytest.fixture
def boxes(worker: Adapters) -> dict[UUID, bytes]:
    """Forty people with a key, and something sealed of each."""
    return seal(worker.vault.ciphers(HOUSE, PEOPLE, mint=True))


def turn(adapters: Adapters, *, batch: int = 7) -> Rotated:
    with adapters.vault_connection() as connection:
        return rotate(connection, adapters.outside_vault, batch=batch)


def as_admin(settings: Settings, statement: LiteralString) -> None:
    with psycopg.connect(settings.vault_url, autocommit=True) as admin:
        admin.execute(statement)


def test_everybody_is_readable_after_a_rotation_and_an_old_copy_opens_nothing(
    settings: Settings, worker: Adapters, boxes: dict[UUID, bytes]
) -> None:
    copy = stolen_rows(settings.vault_url)
    assert crack(worker, copy).keys() == set(PEOPLE), "the thief's tools work"
    worker.vault.destroy(HOUSE, ANN)
    assert turn(worker) == Rotated(2, 39, 39, [1], resumed=False)
    assert opened(worker.vault, HOUSE, boxes) == set(PEOPLE) - {ANN}
    assert crack(worker, copy) == {}
    assert epochs_of_keys(settings) == {2: 39}
    assert turn(worker) == Rotated(3, 39, 39, [2], resumed=False)


def test_a_lost_database_gets_the_living_back_and_nobody_else(
    settings: Settings, worker: Adapters, boxes: dict[UUID, bytes]
) -> None:
    """The databases go back to their oldest copy, whose epoch is destroyed."""
    outside = worker.outside_vault
    with psycopg.connect(settings.vault_url, autocommit=True) as admin:
        for table in ("epochs", "workspace_keys", "subject_keys"):
            admin.execute(f"CREATE TABLE old_{table} AS SELECT * FROM {table}".encode())
        turn(worker)
        worker.vault.destroy(HOUSE, ANN)
        assert BOB in {key.subject_id for key in outside.live_keys.subjects()}
        assert ANN not in {key.subject_id for key in outside.live_keys.subjects()}, "at once"
        admin.execute("TRUNCATE epochs, workspace_keys, subject_keys, fences")
        admin.execute("SET session_replication_role = replica")
        for table in ("epochs", "workspace_keys", "subject_keys"):
            admin.execute(f"INSERT INTO {table} SELECT * FROM old_{table}".encode())
    with worker.vault_connection() as connection:
        assert unsettled(connection, outside) == 1, "and so it is not ready"
        found = settle(connection, outside)
        assert (found.erased_again, found.keys_restored, found.adopted_epoch) == (1, 39, 2)
        assert unsettled(connection, outside) == 0
        assert settle(connection, outside).adopted_epoch == 0, "once is enough"
    assert opened(worker.vault, HOUSE, boxes) == set(PEOPLE) - {ANN}
    assert worker.vault.ciphers(HOUSE, [ANN], mint=True) == {}


def test_a_vault_from_before_the_epochs_is_adopted(settings: Settings, worker: Adapters) -> None:
    keys = worker.outside_vault.keys
    keys.create(1, from_secret=True)
    as_admin(settings, "INSERT INTO epochs (epoch) VALUES (1)")
    old = seal(worker.vault.ciphers(HOUSE, PEOPLE, mint=True))
    keys.destroy(1)  # as it was then: no file at all
    with worker.vault_connection() as connection:
        settle(connection, worker.outside_vault)
    assert opened(worker.vault, HOUSE, old) == set(PEOPLE)


@pytest.mark.usefixtures("boxes")
def test_a_missing_or_foreign_key_is_a_sentence_and_never_a_new_key(
    settings: Settings, worker: Adapters
) -> None:
    folder = settings.vault_keys_dir
    (folder / "epoch-0001.key").rename(folder / "away")
    for mint in (False, True):
        worker.vault.forget()
        with pytest.raises(EpochKeyError, match=r"epoch-0001.key is missing: bring back"):
            worker.vault.ciphers(HOUSE, [*PEOPLE, uuid4()], mint=mint)
    sentence = Engine(environment(settings)).refused("vault", "status")
    assert "is missing: bring back the directory of this installation" in sentence
    FileEpochKeys(folder, settings.secret_key).create(1)
    with pytest.raises(EpochKeyError, match="is of another vault"):
        worker.vault.ciphers(HOUSE, [uuid4()], mint=True)
    (folder / "away").rename(folder / "epoch-0001.key")
    (folder / "epoch-0001.key").write_bytes(bytes(60))
    with pytest.raises(EpochKeyError, match=r"cannot be opened: it is damaged, or ENGINE_SECRET_"):
        worker.vault.ciphers(HOUSE, [uuid4()], mint=True)


@contextmanager
def processes(settings: Settings, count: int) -> Iterator[list[Adapters]]:
    made = [Adapters(settings, role=Role.APP, name=f"p{n}") for n in range(count)]
    yield made
    for adapters in made:
        adapters.close()


def test_starters_agree_on_the_first_key(settings: Settings) -> None:
    got: list[bytes] = []
    with processes(settings, 6) as starters:
        together = Barrier(len(starters))

        def start(adapters: Adapters) -> None:
            together.wait(10)
            got.append(seal(adapters.vault.ciphers(HOUSE, [ANN], mint=True))[ANN])

        threads = [Thread(target=start, args=(adapters,)) for adapters in starters]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(got) == 6
    assert len(set(got)) == 1
    assert [file.name for file in settings.vault_keys_dir.iterdir()] == ["epoch-0001.key"]
    assert (settings.vault_keys_dir / "epoch-0001.key").stat().st_mode & 0o777 == 0o600


def test_who_still_has_the_old_epoch_is_refused_in_sql_and_mints_under_the_new(
    settings: Settings, worker: Adapters, boxes: dict[UUID, bytes]
) -> None:
    with processes(settings, 1) as (slow,):
        slow.vault.ciphers(HOUSE, PEOPLE, mint=True)  # knows epoch 1
        turn(worker)
        late = uuid4()
        with slow.vault_connection() as connection, pytest.raises(psycopg.Error) as refused:
            connection.execute("INSERT INTO subject_keys VALUES (%s, %s, 1, '')", (HOUSE, late))
        assert refused.value.sqlstate == "VE001"
        more = seal(slow.vault.ciphers(HOUSE, [late], mint=True))
    assert epochs_of_keys(settings) == {2: len(PEOPLE) + 1}
    assert opened(worker.vault, HOUSE, boxes | more) == {*PEOPLE, late}


def test_rotations_beside_minting_and_erasing_lose_nobody(
    settings: Settings, worker: Adapters, boxes: dict[UUID, bytes]
) -> None:
    minted: dict[UUID, bytes] = dict(boxes)
    failed: list[Exception] = []
    erased = PEOPLE[:20]
    done = Event()
    with processes(settings, 4) as minters:

        def mint(adapters: Adapters) -> None:
            try:
                while not done.is_set():
                    people = [uuid4() for _ in range(5)]
                    minted.update(seal(adapters.vault.ciphers(HOUSE, people, mint=True)))
            except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
                failed.append(error)

        threads = [Thread(target=mint, args=(adapters,)) for adapters in minters]
        for thread in threads:
            thread.start()
        for person in erased:
            worker.vault.destroy(HOUSE, person)
            if person.int % 5 == 0:
                turn(worker, batch=500)
        done.set()
        for thread in threads:
            thread.join()
    assert failed == []
    assert len(minted) > 100
    turn(worker, batch=500)
    assert opened(worker.vault, HOUSE, minted) == minted.keys() - set(erased)
    assert epochs_of_keys(settings).keys() == {6}
    live = {key.subject_id for key in worker.outside_vault.live_keys.subjects()}
    assert live == minted.keys() - set(erased)


# Where a rotation is held when it is killed: a lock that the next step needs.
HELD: dict[str, tuple[LiteralString, dict[int, int]]] = {
    "in mid re-wrapping": (
        "SELECT FROM subject_keys WHERE subject_id::text LIKE '%20' FOR UPDATE",
        {1: 12, 2: 28},
    ),
    "before the old epoch is destroyed": (
        "SELECT FROM workspace_keys WHERE epoch = 1 FOR UPDATE",
        {2: 40},
    ),
}
WHO_WAITS: LiteralString = (
    " WHERE datname = current_database() AND wait_event_type = 'Lock' AND usename = 'engine_vault'"
)
WAITING: LiteralString = "SELECT count(*) FROM pg_stat_activity" + WHO_WAITS


@pytest.mark.parametrize("point", HELD)
def test_a_killed_rotation_is_taken_up_and_nobody_is_lost(
    settings: Settings, worker: Adapters, boxes: dict[UUID, bytes], point: str
) -> None:
    copy = stolen_rows(settings.vault_url)
    lock, epochs = HELD[point]
    env = environment(settings)
    with (
        psycopg.connect(settings.vault_url) as holder,
        psycopg.connect(settings.vault_url, autocommit=True) as admin,
    ):
        holder.execute(lock)
        rotating = subprocess.Popen(
            [*command("vault", "rotate", "--batch", "7")], cwd=ROOT, env=env
        )
        until(lambda: (admin.execute(WAITING).fetchone() or (0,))[0] > 0)
        rotating.kill()
        rotating.wait()
        # Its statement must not be finished for it by a server that has not noticed.
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity" + WHO_WAITS)
        holder.rollback()
        until(lambda: (admin.execute(WAITING).fetchone() or (1,))[0] == 0)
    assert epochs_of_keys(settings) == epochs
    assert worker.outside_vault.keys.known() == [1, 2], "nothing is destroyed yet"
    late = seal(worker.vault.ciphers(HOUSE, [BOB, uuid4()], mint=True))
    assert opened(worker.vault, HOUSE, boxes | late) == boxes.keys() | late.keys()
    with worker.vault_connection() as connection:
        assert rotation_due(connection, days=30), "the scheduler finishes it, too"
    resumed = Engine(env).json("vault", "rotate")
    assert (resumed["epoch"], resumed["resumed"], resumed["destroyed"]) == (2, True, [1])
    assert opened(worker.vault, HOUSE, boxes | late) == boxes.keys() | late.keys()
    assert crack(worker, copy) == {}
    found = Engine(env).json("vault", "status")
    assert (found["epoch"], found["keys"], found["keys_of_older_epochs"]) == (2, 41, 0)
    assert (found["key_files"], found["live_keys_epoch"]) == ([2], 2)


def test_the_scheduler_ends_an_epoch_of_that_age(
    settings: Settings, worker: Adapters, boxes: dict[UUID, bytes]
) -> None:
    def look(days: int) -> list[int]:
        other = Adapters(
            replace(settings, vault_rotate_days=days), role=Role.WORKER, name="scheduler"
        )
        thread = VaultKeeper(other).look()
        if thread:
            thread.join(30)
        return other.outside_vault.keys.known()

    as_admin(settings, "UPDATE epochs SET opened_at = now() - interval '29 days 23 hours'")
    assert look(30) == [1]
    as_admin(settings, "UPDATE epochs SET opened_at = now() - interval '30 days 1 minute'")
    assert look(0) == [1], "never by itself"
    assert look(30) == [2]
    assert opened(worker.vault, HOUSE, boxes) == set(PEOPLE)


def test_the_ledger_passes_over_a_torn_line_but_not_over_damage(
    settings: Settings, worker: Adapters
) -> None:
    file = settings.vault_keys_dir / "erasures.log"
    worker.vault.destroy(HOUSE, ANN)
    file.write_bytes(file.read_bytes() + file.read_bytes()[:50])
    worker.vault.destroy(HOUSE, BOB)
    people = worker.outside_vault.ledger.people()
    assert people.keys() == {(HOUSE, ANN), (HOUSE, BOB)}
    assert json.loads(file.read_bytes().splitlines()[-1])["subject_id"] == str(BOB)
    file.write_bytes(file.read_bytes().replace(b"subject_id", b"subjekt_id", 1))
    with pytest.raises(SettingsError, match=r"line 1 of .*erasures.log is damaged"):
        worker.outside_vault.ledger.people()
