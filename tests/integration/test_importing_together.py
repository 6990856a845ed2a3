"""Several importers at once: nobody twice, nobody waits for a slow one."""

import random
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.bootstrap import Adapters
from infra.postgres.connections import Role
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Settings
from tests.support.cli import environment, until, worker_process
from tests.support.importing import ContactBook, Figures, numbered
from tests.support.working import catch_up, run_imports
from workers.importer import Importer
from workers.runtime import Stop

pytestmark = pytest.mark.integration


def import_all(settings: Settings) -> None:
    adapters = Adapters(settings, role=Role.WORKER, name="test-importer")
    try:
        run_imports(adapters)
    finally:
        adapters.close()


def test_files_that_share_people_are_imported_at_once_and_nobody_twice(
    settings: Settings, worker: Adapters, tmp_path: Path
) -> None:
    book = ContactBook(worker, tmp_path)
    people = list(range(9_000))
    first = book.hand_over(numbered(people[:6_000]))
    random.Random(7).shuffle(people)
    second = book.hand_over(numbered(people))
    with ThreadPoolExecutor() as threads:
        for done in [threads.submit(import_all, settings) for _ in range(2)]:
            done.result()
    a, b = book.figures(first), book.figures(second)
    assert (a.rows, b.rows) == (6_000, 9_000)
    assert a.valid_unique + b.valid_unique == 9_000
    assert a.duplicates + b.duplicates == 6_000
    assert len(set(book.people())) == len(book.people()) == 9_000
    catch_up(worker)
    assert book.readable() == book.people()


def test_addresses_are_taken_in_one_order_so_that_importers_cannot_wait_in_a_circle(
    worker: Adapters, tmp_path: Path
) -> None:
    book = ContactBook(worker, tmp_path)
    book.hand_over(numbered(range(500)))
    run_imports(worker)
    with tenant_scope(worker.pool, book.workspace_id) as cursor:
        rows = cursor.execute("SELECT address_key FROM contact_addresses ORDER BY ctid").fetchall()
    assert len(rows) == 500
    assert rows == sorted(rows)


def test_a_paused_importer_keeps_its_own_file_and_no_other(
    settings: Settings, worker: Adapters, tmp_path: Path
) -> None:
    book = ContactBook(worker, tmp_path)
    slow = book.hand_over(numbered(range(12_000)))
    with worker_process("importer", environment(settings)) as process:
        until(lambda: book.state(slow).rows > 0)
        process.send_signal(signal.SIGSTOP)
        at = book.state(slow).rows
        assert at < 12_000
        quick = book.hand_over(numbered(range(50_000, 50_010)))
        assert Importer(worker).step(Stop())
        assert book.figures(quick) == Figures(rows=10, valid_unique=10)
        assert not Importer(worker).step(Stop())
        process.send_signal(signal.SIGCONT)
        until(lambda: book.state(slow).status == "completed")
    assert book.figures(slow) == Figures(rows=12_000, valid_unique=12_000)
