"""The gap test: a reader that follows racing writers sees every event once, in order."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.contacts.events import ImportFailed
from domain.shared.ids import derive_id
from domain.shared.model import Fact
from infra.bootstrap import Adapters
from infra.eventstore.reader import LogRow
from infra.postgres.connections import Role
from infra.settings import Settings
from tests.support.asking import asking

pytestmark = [pytest.mark.integration, pytest.mark.slow]

SECONDS = 6
WRITERS = 8  # one of them bulk
BULK = 2_000


def facts(count: int) -> list[Fact]:
    event = ImportFailed(import_id=uuid4(), code="x", reason="y")
    return [Fact(derive_id(1_780_000_000_000, uuid4().bytes), event) for _ in range(count)]


def read_below_the_horizon(worker: Adapters, after: int) -> Sequence[LogRow]:
    return worker.reader.page(after)


def read_naively(worker: Adapters, after: int) -> Sequence[LogRow]:
    """What everybody writes first: all rows above the last one seen."""
    return worker.reader.page(after, upto=2**62)


def race(
    app: Adapters, worker: Adapters, read: Callable[[Adapters, int], Sequence[LogRow]]
) -> tuple[int, int]:
    """Return how many events were written, and how many the reader missed."""
    stop = threading.Event()
    workspaces: list[UUID] = [uuid4() for _ in range(WRITERS)]

    def write(number: int) -> None:
        # A transaction that stays open between its positions and its commit, as under load.
        hold = Hold(0.003 if number else 0.02)
        while not stop.is_set():
            size = random.randint(1, 3) if number else BULK
            app.log.record(facts(size), asking(workspaces[number]), effects=[hold])

    seen: list[int] = []

    def follow() -> None:
        after = 0
        while True:
            last_round = stop.is_set() and not any(w.is_alive() for w in writers)
            page = read(worker, after)
            seen.extend(row.position for row in page)
            after = page[-1].position if page else after
            if last_round and not page:
                return

    writers = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
    reader = threading.Thread(target=follow)
    for thread in [*writers, reader]:
        thread.start()
    time.sleep(SECONDS)
    stop.set()
    for thread in [*writers, reader]:
        thread.join()
    with worker.pool.connection() as connection:
        written = {row[0] for row in connection.execute("SELECT position FROM events")}
    assert seen == sorted(seen), "the reader saw events out of order"
    assert len(seen) == len(set(seen)), "the reader saw an event twice"
    assert set(seen) <= written
    return len(written), len(written - set(seen))


class Hold:
    """An effect that keeps the transaction open for a while."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def apply(self, cursor: object) -> None:
        assert isinstance(cursor, psycopg.Cursor)
        cursor.execute("SELECT pg_sleep(%s)", (self._seconds,))


@pytest.fixture
def racers(settings: Settings) -> Iterator[Adapters]:
    app = Adapters(settings, role=Role.APP, name="racers", pool_size=WRITERS)
    yield app
    app.close()


def test_a_tailing_reader_misses_nothing(racers: Adapters, worker: Adapters) -> None:
    written, missed = race(racers, worker, read_below_the_horizon)
    assert written > BULK
    assert missed == 0


def test_a_naive_reader_turns_the_gap_test_red(racers: Adapters, worker: Adapters) -> None:
    written, missed = race(racers, worker, read_naively)
    assert written > BULK
    assert missed > 0, "the race is too tame to prove anything"


def test_an_open_writer_holds_the_horizon_down(app: Adapters, worker: Adapters) -> None:
    workspace = uuid4()
    before = app.log.record(facts(3), asking(workspace))
    with app.pool.connection() as connection, connection.transaction(force_rollback=True):
        connection.execute("SELECT log_begin(%s)", (workspace,))
        connection.execute("SELECT nextval('log_position')")
        later = app.log.record(facts(2), asking(workspace))
        assert worker.reader.horizon() == before
        assert [row.position for row in worker.reader.page(before)] == []
    assert worker.reader.horizon() >= later
    assert len(worker.reader.page(before)) == 2
