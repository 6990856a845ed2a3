"""Two processes rebuild together: in the log's order, and never half."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from infra.bootstrap import Adapters
from infra.postgres.connections import Role
from infra.projecting import rebuild as rebuilding
from infra.projecting import second
from infra.projecting.fold import UnfoldableError
from infra.projecting.rebuild import Rebuilt, Shadow, rebuild
from infra.projecting.second import SecondLostError
from projections.projection import Projection
from projections.registry import PROJECTIONS
from tests.support.asking import asking
from tests.support.builders import contact_imported, fact
from tests.support.touchy_projection import Touchy, installed, live, told
from tests.support.working import catch_up
from workers.cli.projections import verified

pytestmark = pytest.mark.integration

SIZE = 20  # events a stretch
EVENTS = 200


@pytest.fixture(autouse=True)
def every_way_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the second process join in from the second stretch on, however short the log is."""
    monkeypatch.setattr(rebuilding, "ALONE", SIZE)
    monkeypatch.setattr(rebuilding, "BATCH", SIZE)
    monkeypatch.setattr(second, "PATIENCE_S", 60.0)


def in_two(
    worker: Adapters, projection: Projection, *, progress: Callable[[int], None] = lambda _: None
) -> Rebuilt:
    with (
        worker.connection(Role.MIGRATOR, bounded=False) as owner,
        worker.connection(Role.WORKER, bounded=False) as filler,
    ):
        made = Shadow(
            projection, worker.mapper, owner=owner, worker=filler, settings=worker.settings
        )
        return rebuild(made, progress=progress)


def children() -> list[int]:
    """Return the second processes of this one."""
    mine = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
    called = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in mine}
    return [pid for pid, name in called.items() if b"infra.projecting.second" in name]


@pytest.fixture
def served(app: Adapters, worker: Adapters) -> dict[UUID, list[int]]:
    """A read model of three keys with many events each, all over the log."""
    workspace, about = uuid4(), [uuid4() for _ in range(3)]
    rows = [fact(contact_imported(about[n % 3], row=n)) for n in range(EVENTS)]
    app.log.record(rows, asking(workspace))
    installed(worker, Touchy())
    with live(worker, Touchy()) as one:
        one.read_log()
    return told(worker)


def test_two_processes_fold_in_the_order_of_the_log(
    worker: Adapters, served: dict[UUID, list[int]]
) -> None:
    helped: list[int] = []
    done = in_two(worker, Touchy(version=2), progress=lambda _: helped.extend(children()))
    assert helped, "a second process was there"
    assert told(worker) == served
    assert done.events == sum(map(len, served.values()))
    assert children() == [], "and is gone"


def test_both_open_what_is_sealed_and_leave_out_who_is_erased(
    app: Adapters, worker: Adapters
) -> None:
    workspace, people = uuid4(), [uuid4() for _ in range(EVENTS)]
    rows = [fact(contact_imported(who, row=n)) for n, who in enumerate(people)]
    app.log.record(rows, asking(workspace))
    catch_up(worker)
    worker.vault.destroy(workspace, people[EVENTS // 2])
    in_two(worker, PROJECTIONS["contact_list"])
    with worker.pool.connection() as connection:
        without = connection.execute("SELECT contact_id FROM contacts WHERE email IS NULL")
        assert without.fetchall() == [(people[EVENTS // 2],)]
    assert verified(worker, "contact_list").ok


def test_a_second_process_that_is_killed_ends_the_rebuild_and_nothing_else(
    worker: Adapters, served: dict[UUID, list[int]]
) -> None:
    def kill(_: int) -> None:
        for child in children():
            os.kill(child, signal.SIGKILL)

    with pytest.raises(SecondLostError, match="is gone"):
        in_two(worker, Touchy(version=2), progress=kill)
    assert told(worker) == served
    assert in_two(worker, Touchy(version=2)).events == sum(map(len, served.values()))
    assert told(worker) == served


def test_a_bad_event_that_the_second_process_meets_is_named(
    worker: Adapters, served: dict[UUID, list[int]]
) -> None:
    positions = sorted(position for told_of in served.values() for position in told_of)
    bad = next(at for at in positions if at > SIZE and (at - 1) // SIZE % 2 == 1)
    with pytest.raises(UnfoldableError, match="sticks in the throat") as met:
        in_two(worker, Touchy(version=2, chokes_on=frozenset({bad})))
    assert met.value.row.position == bad
    assert children() == []
    assert told(worker) == served
