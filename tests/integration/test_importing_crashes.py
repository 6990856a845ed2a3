"""An importer may die anywhere: the next one goes on at the row after the last verdict."""

import signal
from pathlib import Path

import pytest

from infra.bootstrap import Adapters
from infra.settings import Settings
from tests.support.cli import environment, until, worker_process
from tests.support.importing import ContactBook, Figures, numbered
from tests.support.working import catch_up, run_imports

pytestmark = pytest.mark.integration

ROWS = 24_000
DUPLICATES = 1_000
BLANK = 200
DEATHS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL)


def a_long_file() -> bytes:
    people = ROWS - DUPLICATES - BLANK
    return numbered([*range(people), *range(DUPLICATES)]) + b",nobody,\n" * BLANK


def test_killed_importers_leave_exact_figures_and_one_fact_a_person(
    settings: Settings, worker: Adapters, tmp_path: Path
) -> None:
    book = ContactBook(worker, tmp_path)
    import_id = book.hand_over(a_long_file())
    reached = [0]
    for death in DEATHS:
        with worker_process("importer", environment(settings)) as process:
            until(lambda: book.state(import_id).rows > reached[-1])
            process.send_signal(death)
            code = process.wait(timeout=60)
        assert code == (0 if death is signal.SIGTERM else -death)
        reached.append(book.state(import_id).rows)
        assert book.state(import_id).status == "running"
    assert reached[-1] < ROWS

    def taken_over() -> bool:
        run_imports(worker)  # finds nothing free until PostgreSQL has noticed the last death
        return book.state(import_id).status == "completed"

    until(taken_over)
    people = ROWS - DUPLICATES - BLANK
    assert book.figures(import_id) == Figures(
        rows=ROWS, valid_unique=people, duplicates=DUPLICATES, empty=BLANK
    )
    assert len(book.people()) == len(set(book.people())) == people
    assert sorted(event.row for event in book.imported()) == list(range(1, people + 1))
    assert [int(row["row"]) for row in book.rejected(import_id)] == list(
        range(people + 1, ROWS + 1)
    )
    catch_up(worker)
    assert book.readable() == book.people()
