"""Old months leave for Parquet files, and nobody who reads the log can tell."""

import resource
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace
from pyarrow import parquet

from domain.shared.model import Fact
from infra.backup.dump import back_up
from infra.backup.errors import BackupError
from infra.bootstrap import Adapters
from infra.crypto.signing import SigningKey
from infra.embedded.postgres import EmbeddedPostgres
from infra.eventstore.archive import ArchiveError, archived_ranges
from infra.eventstore.archiving import months_over
from infra.eventstore.log_order import check_order
from infra.eventstore.log_verify import LogVerifier
from infra.eventstore.sealer import seal_next
from infra.postgres.connections import Role
from infra.projecting.rebuild import Shadow
from infra.projecting.verify import verify
from infra.settings import Settings
from projections.registry import PROJECTIONS
from tests.support.asking import asking
from tests.support.backups import moved_in, new_home
from tests.support.cli import ROOT, Engine, environment, until
from tests.support.old_history import (
    MONTH_BEFORE,
    OLD_MONTHS,
    THIS_MONTH,
    a_campaign,
    aged,
    archive_everything_old,
    archiver,
    live_facts,
    make_partition,
    mixed_history,
    name_of,
    whole_log,
)
from tests.support.working import catch_up
from workers.old_months import archive_due
from workers.restoring import restore

pytestmark = pytest.mark.integration


@pytest.fixture
def workspace() -> UUID:
    return uuid4()


@pytest.fixture
def old(app: Adapters, worker: Adapters, workspace: UUID) -> list[Fact]:
    make_partition(worker, MONTH_BEFORE)
    return mixed_history(app, workspace)


def test_readers_cannot_tell_that_months_are_archived(
    worker: Adapters, workspace: UUID, old: list[Fact]
) -> None:
    catch_up(worker)
    before = whole_log(worker)
    newest = [worker.reader.before_last(n, workspace_id=workspace) for n in (1, 50, 150, 1_000)]
    archived = archive_everything_old(worker)
    assert [a.month for a in archived] == [name_of(month) for month in OLD_MONTHS]
    assert sum(a.events for a in archived) == len(old)
    assert [live_facts(worker.settings.database_url, m) for m in OLD_MONTHS] == [0, 0]
    assert whole_log(worker) == before
    assert worker.reader.page(50, upto=90) == [r for r in before if 50 < r.position <= 90]
    assert newest == [
        worker.reader.before_last(n, workspace_id=workspace) for n in (1, 50, 150, 1_000)
    ]
    order = check_order(worker.pool)
    assert (order.events, order.faults) == (len(before), [])


@pytest.mark.usefixtures("old")
def test_the_file_is_what_another_reader_expects(worker: Adapters) -> None:
    [first, _] = archive_everything_old(worker)
    file = parquet.ParquetFile(first.file)
    positions = file.read(["position"])["position"].to_pylist()
    assert positions == sorted(positions)
    column = file.metadata.row_group(0).column(0)
    assert (column.compression, column.statistics.min) == ("ZSTD", positions[0])
    assert Path(first.file).stat().st_mode & 0o077 == 0


def test_projections_are_rebuilt_and_verified_across_the_archive(
    worker: Adapters, old: list[Fact]
) -> None:
    catch_up(worker)
    archive_everything_old(worker)
    for name in ("campaign_stats", "contact_list", "message_ledger"):
        with (
            worker.connection(Role.MIGRATOR, bounded=False) as owner,
            worker.connection(Role.WORKER, bounded=False) as filler,
            worker.connection(Role.WORKER, bounded=False) as live,
        ):
            shadow = Shadow(PROJECTIONS[name], worker.mapper, owner=owner, worker=filler)
            found = verify(shadow, live)
        assert (found.ok, found.rows > len(old) // 40) == (True, True), (name, found)


def test_the_seals_hold_across_the_archive(worker: Adapters, old: list[Fact]) -> None:
    key = SigningKey(worker.settings.secret_key)
    with worker.connection(Role.SEALER) as sealer:
        seal_next(sealer, key)
        archive_everything_old(worker)
        found = LogVerifier(sealer, keys={key.key_id: key.public_key}).verify()
    assert (found.faults, found.events) == ([], 1 + 2 * len(old))


def test_a_fact_of_an_archived_month_that_is_told_again_is_one_row(
    app: Adapters, worker: Adapters, workspace: UUID, old: list[Fact]
) -> None:
    archive_everything_old(worker)
    before = whole_log(worker)
    late = aged(a_campaign(uuid4()), OLD_MONTHS)
    told = app.log.append_facts([*old, *late], asking(workspace))
    assert told.count == len(late), "only what was never told is new"
    assert app.log.append_facts([*late, *old], asking(workspace)).count == 0
    elsewhere = app.log.append_facts(old, asking(uuid4()))
    assert elsewhere.count == len(old), "another workspace's facts are others"
    assert len(whole_log(worker)) == len(before) + len(late) + len(old)

    again = archive_everything_old(worker)
    assert sum(archived.events for archived in again) == len(late) + len(old)
    assert [live_facts(worker.settings.database_url, m) for m in OLD_MONTHS] == [0, 0]
    assert app.log.append_facts([*old, *late], asking(workspace)).count == 0
    assert len(whole_log(worker)) == len(before) + len(late) + len(old)
    assert check_order(worker.pool).faults == []


STEPS = ("writing", "ids kept", "in place", "emptied")
DIES = """
import os, signal, sys
from infra.bootstrap import Adapters
from infra.postgres.connections import Role
from infra.settings import load_settings
from tests.support.old_history import THIS_MONTH, archiver
from infra.eventstore.archiving import months_over

adapters = Adapters(load_settings(), role=Role.WORKER, name="dies")
def step(name, done):
    if name == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)
months = months_over(adapters.pool, by=THIS_MONTH)
with archiver(adapters) as at_work:
    at_work.archive(months[0][0], step=step)
"""


def test_killed_at_any_step_it_is_done_by_the_next_run(
    app: Adapters, worker: Adapters, workspace: UUID, old: list[Fact]
) -> None:
    before = whole_log(worker)
    in_month = live_facts(worker.settings.database_url, MONTH_BEFORE)
    for step in STEPS:
        died = subprocess.run(
            [sys.executable, "-c", DIES, step],
            cwd=ROOT,
            env=environment(worker.settings),
            check=False,
            timeout=60,
        )
        assert died.returncode == -signal.SIGKILL, step
        assert whole_log(worker) == before, step
        assert live_facts(worker.settings.database_url, MONTH_BEFORE) == in_month, step
        assert app.log.append_facts(old, asking(workspace)).count == 0, step
    until(lambda: not _archiver_is_alive(worker))
    archive_everything_old(worker)
    assert live_facts(worker.settings.database_url, MONTH_BEFORE) == 0
    assert whole_log(worker) == before
    files = {file.name.split(".")[0] for file in worker.settings.archive_dir.iterdir()}
    assert files == {f"events_facts_{name_of(month)}" for month in OLD_MONTHS}
    assert len(list(worker.settings.archive_dir.iterdir())) == len(OLD_MONTHS)


def _archiver_is_alive(worker: Adapters) -> bool:
    """A killed process's session may outlive it for a moment and hold the lock."""
    try:
        with archiver(worker):
            return False
    except ArchiveError:
        return True


def test_a_damaged_or_missing_file_is_named(worker: Adapters, old: list[Fact]) -> None:
    archive_everything_old(worker)
    with worker.pool.connection() as connection:
        file = archived_ranges(connection)[0].file
    whole = file.read_bytes()
    middle = len(whole) // 2
    file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    with pytest.raises(ArchiveError, match=f"{file.name} is damaged"):
        whole_log(worker)
    with pytest.raises(ArchiveError, match=f"{file.name} is damaged"):
        check_order(worker.pool)
    file.unlink()
    with pytest.raises(ArchiveError, match=f"{file.name}: No such file"):
        whole_log(worker)
    newest = worker.reader.horizon()
    assert worker.reader.page(newest - 1), "who is past the archive does not need it"
    file.write_bytes(whole)
    assert len(whole_log(worker)) > len(old)


@pytest.mark.usefixtures("old")
def test_a_full_disk_leaves_the_month_where_it_is(worker: Adapters) -> None:
    before = whole_log(worker)
    in_month = live_facts(worker.settings.database_url, MONTH_BEFORE)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        with pytest.raises(ArchiveError, match="the month stays in the database; make room"):
            archive_everything_old(worker)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert live_facts(worker.settings.database_url, MONTH_BEFORE) == in_month
    assert list(worker.settings.archive_dir.iterdir()) == []
    assert whole_log(worker) == before


def test_a_fact_recorded_while_its_month_is_archived_stops_it(
    app: Adapters, worker: Adapters, workspace: UUID, old: list[Fact]
) -> None:
    late = aged(a_campaign(uuid4()), [MONTH_BEFORE])

    def step(name: str, _done: int) -> None:
        if name == "in place":
            app.log.record(late, asking(workspace))

    with archiver(worker) as at_work:
        month = months_over(worker.pool, by=THIS_MONTH)[0][0]
        with pytest.raises(ArchiveError, match="were recorded while it was archived"):
            at_work.archive(month, step=step)
        assert at_work.archive(month) is not None
    assert len(whole_log(worker)) == 1 + 2 * len(old) + len(late)


@pytest.mark.usefixtures("old")
def test_a_reader_that_races_the_archiver_misses_nothing(worker: Adapters) -> None:
    expected = whole_log(worker)
    stop = Event()
    seen: list[bool] = []

    def read() -> None:
        while not stop.is_set():
            seen.append(whole_log(worker, limit=50) == expected)

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        until(lambda: len(seen) > 3)
        archive_everything_old(worker)
        reads = len(seen)
        until(lambda: len(seen) > reads + 3)
        stop.set()
        [reader.result() for reader in readers]
    assert all(seen)


@pytest.mark.usefixtures("old")
def test_the_verbs_archive_list_and_check(worker: Adapters, tmp_path: Path) -> None:
    engine = Engine(environment(worker.settings))
    assert "--before" in engine.refused("log", "archive")
    planned = engine.json("log", "archive", "--before", f"{THIS_MONTH:%Y-%m}", "--dry-run")
    assert live_facts(worker.settings.database_url, MONTH_BEFORE) > 0
    done = engine.json("log", "archive", "--before", f"{THIS_MONTH:%Y-%m}")
    assert [(m["month"], m["events"]) for m in planned] == [(m["month"], m["events"]) for m in done]
    worker.settings.archive_dir.rename(tmp_path / "elsewhere")
    assert "No such file" in engine.refused("log", "verify-order")
    engine.do("log", "archives", "--moved-to", str(tmp_path / "elsewhere"))
    assert engine.json("log", "verify-order")["ok"]
    first = tmp_path / "elsewhere" / Path(done[0]["file"]).name
    first.write_bytes(first.read_bytes()[:-1])
    checked = engine.ask("log", "archives", "--check", "--json")
    assert (checked.code, [m["fault"] == "none" for m in checked.json]) == (1, [False, True])


def test_the_scheduler_archives_what_the_setting_says(
    worker: Adapters, old: list[Fact], settings: Settings
) -> None:
    archive_due(replace(settings, archive_after_days=365))
    assert live_facts(settings.database_url, MONTH_BEFORE) > 0
    archive_due(replace(settings, archive_after_days=27))  # the month before last is over so long
    assert live_facts(settings.database_url, MONTH_BEFORE) == 0
    assert len(whole_log(worker)) == 1 + 2 * len(old)


def test_a_backup_takes_the_archive_along_and_a_restore_brings_it_back(
    worker: Adapters, old: list[Fact], postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    archive_everything_old(worker)
    before, backup = whole_log(worker), tmp_path / "backup"
    back_up(worker.settings, worker.outside_vault, backup)
    shutil.rmtree(worker.settings.archive_dir)
    with new_home(worker.settings, postgres) as there:
        home = replace(there, archive_dir=tmp_path / "there")
        file = next((backup / "archive").iterdir())
        aside = file.rename(tmp_path / file.name)
        with pytest.raises(BackupError, match=f"{file.name} is missing"):
            restore(home, backup)
        aside.rename(file)
        restore(home, backup)
        with moved_in(home) as restored:
            assert whole_log(restored)[: len(before)] == before
            assert len(before) == 1 + 2 * len(old)
            with restored.pool.connection() as connection:
                files = [archived.file.parent for archived in archived_ranges(connection)]
            assert files == [tmp_path / "there"] * len(OLD_MONTHS)
