"""A rebuild beside readers, and one that is killed: the serving tables are whole all the time."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from uuid import UUID, uuid4

import pytest

from infra.bootstrap import Adapters
from infra.failpoints import Failpoint
from infra.postgres.connections import Role
from infra.postgres.tenant_scope import tenant_scope
from infra.projecting import rebuild as rebuilding
from infra.projecting.fold import UnfoldableError
from infra.projecting.rebuild import Shadow, rebuild
from infra.settings import Settings
from projections.contact_list import ContactList
from projections.registry import PROJECTIONS
from tests.support.asking import asking
from tests.support.builders import a_fact, contact_imported, fact
from tests.support.sending import environment
from tests.support.working import catch_up

pytestmark = pytest.mark.integration

PEOPLE = 400
REBUILD = """
import sys
from infra.bootstrap import Adapters
from infra.failpoints import Failpoint, arm, die
from infra.postgres.connections import Role
from infra.projecting.rebuild import Shadow, rebuild
from infra.settings import load_settings
from projections.registry import PROJECTIONS
arm(Failpoint(sys.argv[1]), die)
adapters = Adapters(load_settings(), role=Role.WORKER, name="dies")
owner = adapters.connection(Role.MIGRATOR, bounded=False)
worker = adapters.connection(Role.WORKER, bounded=False)
rebuild(Shadow(PROJECTIONS["contact_list"], adapters.mapper, owner=owner, worker=worker))
"""


@pytest.fixture
def workspace(app: Adapters, worker: Adapters) -> UUID:
    """A workspace whose people are in the read model."""
    made = uuid4()
    people = [fact(contact_imported(uuid4(), row=n)) for n in range(PEOPLE)]
    app.log.record([*people, a_fact()], asking(made))
    catch_up(worker)
    return made


@contextmanager
def shadow(worker: Adapters) -> Iterator[Shadow]:
    with (
        worker.connection(Role.MIGRATOR, bounded=False) as owner,
        worker.connection(Role.WORKER, bounded=False) as filler,
    ):
        yield Shadow(PROJECTIONS["contact_list"], worker.mapper, owner=owner, worker=filler)


def people_seen(app: Adapters, workspace: UUID) -> int:
    with tenant_scope(app.pool, workspace) as cursor:
        row = cursor.execute("SELECT count(*) FROM contacts WHERE email IS NOT NULL").fetchone()
    return row[0] if row else 0


def test_whoever_reads_during_a_rebuild_sees_everybody(
    app: Adapters, worker: Adapters, workspace: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "BATCH", 50)
    counts: list[int] = []
    done = Event()

    def read_on() -> None:
        while not done.is_set():
            counts.append(people_seen(app, workspace))

    reader = Thread(target=read_on)
    reader.start()
    try:
        for _ in range(3):
            with shadow(worker) as building:
                assert rebuild(building).events == PEOPLE + 1
    finally:
        done.set()
        reader.join()
    assert len(counts) > 3
    assert set(counts) == {PEOPLE}


@pytest.mark.parametrize("point", [Failpoint.REBUILD_FILLED, Failpoint.REBUILD_SWAPPED])
def test_a_killed_rebuild_leaves_the_serving_table_and_the_next_one_works(
    point: Failpoint, app: Adapters, worker: Adapters, settings: Settings, workspace: UUID
) -> None:
    died = subprocess.run(
        [sys.executable, "-c", REBUILD, point],
        env=environment(settings, smtp_port=1),
        stderr=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert died.returncode == -9
    assert people_seen(app, workspace) == PEOPLE
    with shadow(worker) as building:
        rebuild(building)
    assert people_seen(app, workspace) == PEOPLE


def test_a_rebuild_that_stops_leaves_no_connection_reading(
    worker: Adapters, workspace: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page behind the bad event is being read when it fails; that read is waited for."""
    assert workspace
    monkeypatch.setattr(rebuilding, "BATCH", 50)

    def refuse(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(ContactList, "apply", refuse)
    with shadow(worker) as building, pytest.raises(UnfoldableError, match="position 1 "):
        rebuild(building)
    with shadow(worker) as building, pytest.raises(UnfoldableError, match="position 1 "):
        rebuild(building)  # and nothing of the first one is in its way
