"""The importer holds a chunk of rows, never the file."""

from pathlib import Path

import pytest

from infra.bootstrap import Adapters
from infra.settings import Settings
from tests.support.cli import environment, until, worker_process
from tests.support.importing import ContactBook, Figures, numbered

pytestmark = [pytest.mark.integration, pytest.mark.slow]

PEOPLE = 52_000  # more than the vault keeps keys of in memory
ROWS = 300_000
GROWTH_MIB = 48  # the long file's rows as Python objects would be several hundred


def peak_mib(pid: int) -> float:
    """The most memory this process has had at once, by the kernel's own count."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def test_a_long_file_takes_no_more_memory_than_a_short_one(
    settings: Settings, worker: Adapters, tmp_path: Path
) -> None:
    book = ContactBook(worker, tmp_path)
    with worker_process("importer", environment(settings)) as process:
        short = book.hand_over(numbered(range(PEOPLE)))
        until(lambda: book.state(short).status == "completed", within_s=120)
        after_the_short = peak_mib(process.pid)
        long = book.hand_over(numbered(n % PEOPLE for n in range(ROWS)))
        until(lambda: book.state(long).status == "completed", within_s=120)
        after_the_long = peak_mib(process.pid)
    assert after_the_long - after_the_short < GROWTH_MIB, (after_the_short, after_the_long)
    assert book.figures(short) == Figures(rows=PEOPLE, valid_unique=PEOPLE)
    assert book.figures(long) == Figures(rows=ROWS, duplicates=ROWS)
