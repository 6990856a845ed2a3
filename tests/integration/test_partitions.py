"""A projection is fed in partitions of workspaces: shared, taken over, divided anew, all once."""

import asyncio
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from infra.bootstrap import Adapters
from infra.postgres.checkpoints import Checkpoints
from infra.postgres.connections import Role
from infra.projecting.checkpoint import FencedError
from infra.projecting.crew import CREW_LOCK
from infra.projecting.partitions import WHOLE, Partition, partitions
from infra.projecting.repartition import PartitionsApartError, repartition
from infra.settings import Settings
from projections.registry import PROJECTIONS
from tests.support.asking import asking
from tests.support.builders import email_opened, email_sent, fact
from tests.support.cli import Engine, environment, until, worker_process
from tests.support.people import ANN, BOB, People
from tests.support.touchy_projection import Touchy, installed, live, rebuilt, told, verified
from workers import projector
from workers.projector import Projector

pytestmark = pytest.mark.integration

EVEN, ODD = UUID(int=1_000), UUID(int=1_001)
HALVES = partitions(2)


def divide(worker: Adapters, name: str, of: int) -> None:
    projection = Touchy() if name == "touchy" else PROJECTIONS[name]
    with worker.connection(Role.WORKER) as connection:
        repartition(connection, projection, worker.mapper, of=of)


def positions(worker: Adapters, name: str = "touchy") -> list[tuple[int, int, int]]:
    with worker.pool.connection() as connection:
        return connection.execute(
            "SELECT partition, partitions, position FROM projections WHERE name = %s ORDER BY 1",
            (name,),
        ).fetchall()


def test_the_database_divides_as_we_do(worker: Adapters) -> None:
    workspaces = [uuid4() for _ in range(50)] + [UUID(int=2**128 - 1), UUID(int=0)]
    with worker.pool.connection() as connection:
        for of in (1, 2, 3, 7, 64):
            shares = dict(
                connection.execute(
                    "SELECT w, workspace_partition(w, %s) FROM unnest(%s::uuid[]) w",
                    (of, workspaces),
                ).fetchall()
            )
            for workspace, number in shares.items():
                holding = [share.number for share in partitions(of) if share.holds(workspace)]
                assert holding == [number]


def test_each_workspace_waits_for_its_own_partition(app: Adapters, worker: Adapters) -> None:
    installed(worker, Touchy(), of=2)
    (even,) = People(app, EVEN).come(ANN)
    (odd,) = People(app, ODD).come(BOB)
    with live(worker, Touchy(), HALVES[1]) as half:
        half.read_log()
    assert positions(worker) == [(0, 2, 0), (1, 2, odd)]
    assert told(worker) == {BOB: [odd]}
    places = Checkpoints(worker.pool)
    assert places.lowest(["touchy"], ODD) == odd
    assert places.lowest(["touchy"], EVEN) == 0
    assert places.lowest(["touchy"]) == 0

    found = verified(worker, Touchy())  # at unequal positions
    assert (found.ok, found.rows) == (True, 1)
    with live(worker, Touchy(), HALVES[0]) as half:
        half.read_log()
    assert told(worker) == {ANN: [even], BOB: [odd]}
    assert verified(worker, Touchy()).ok
    rebuilt(worker, Touchy())
    assert positions(worker) == [(0, 2, odd), (1, 2, odd)], "a rebuild keeps the division"


def test_a_new_division_applies_nothing_twice_and_fences_the_old_owners(
    app: Adapters, worker: Adapters
) -> None:
    installed(worker, Touchy(), of=2)
    even, odd = People(app, EVEN), People(app, ODD)
    expected = {ANN: even.come(ANN), BOB: odd.come(BOB)}
    with live(worker, Touchy(), HALVES[0]) as ahead, live(worker, Touchy(), HALVES[1]) as behind:
        ahead.read_log()
        expected[ANN] += even.leave(ANN)
        expected[BOB] += odd.leave(BOB)
        ahead.read_log()
        divide(worker, "touchy", 3)
        foremost = expected[BOB][-1]
        assert positions(worker) == [(number, 3, foremost) for number in range(3)]
        assert told(worker) == expected
        odd.come(BOB)
        for owner in (ahead, behind):
            with pytest.raises(FencedError):
                owner.read_log()
        assert told(worker) == expected
    divide(worker, "touchy", 1)
    with live(worker, Touchy(), WHOLE) as whole:
        whole.read_log()
    assert len(told(worker)[BOB]) == 3
    assert verified(worker, Touchy()).ok


def test_partitions_far_apart_are_not_divided_anew(worker: Adapters) -> None:
    installed(worker, Touchy(), of=2)
    with worker.connection(Role.MIGRATOR) as owner:
        owner.execute("SELECT setval('log_position', 200000)")
    with worker.pool.connection() as connection:
        connection.execute("UPDATE projections SET position = 100000 WHERE partition = 1")
    with pytest.raises(PartitionsApartError, match=r"partition 0/2 is 100,000 positions behind"):
        divide(worker, "touchy", 3)
    assert len(positions(worker)) == 2


class TestTwoWorkers:
    """Two projectors in this process, each with its own presence."""

    @pytest.fixture(autouse=True)
    def _two(self, worker: Adapters, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setattr(projector, "LOOK_EVERY_S", 0.0)
        self.worker = worker
        installed(worker, Touchy(), of=4)
        self.first, self.second = (Projector(worker, [Touchy()]) for _ in range(2))
        yield
        for each in (self.first, self.second):
            asyncio.run(each.close())

    def shares(self, of: Projector) -> set[Partition]:
        of.feed([])
        return {share for (_, share), live in of._live.items() if live._connection is not None}

    def test_they_share_evenly_and_one_takes_over_what_the_other_leaves(self) -> None:
        until(lambda: len(self.shares(self.first)) == 4)
        until(lambda: (len(self.shares(self.first)), len(self.shares(self.second))) == (2, 2))
        assert self.shares(self.first).isdisjoint(self.shares(self.second))
        asyncio.run(self.first.close())
        until(lambda: len(self.shares(self.second)) == 4)


def test_a_worker_that_is_killed_is_replaced_within_seconds_and_nothing_counts_twice(
    app: Adapters, worker: Adapters, settings: Settings
) -> None:
    """Counters: an event that is applied twice, or not at all, stays visible for ever."""
    divide(worker, "campaign_stats", 4)
    env = environment(settings)
    campaigns = {UUID(int=2_000 + n): uuid4() for n in range(8)}

    def sends() -> int:
        last = 0
        for workspace, campaign in campaigns.items():
            people = [uuid4() for _ in range(50)]
            facts = [fact(email_sent(campaign, person)) for person in people]
            facts += [fact(email_opened(campaign, person)) for person in people]
            last = app.log.record(facts, asking(workspace))
        return last

    def counted() -> int:
        with worker.pool.connection() as connection:
            row = connection.execute("SELECT coalesce(sum(opens), 0) FROM campaign_stats")
            return row.fetchone()[0]

    with worker_process("projector", env) as first, worker_process("projector", env):
        until(lambda: len(crew(worker)) == 2)
        sends()
        until(lambda: counted() > 0)
        sends()
        first.kill()  # -9, perhaps in the middle of a batch
        last = sends()
        until(lambda: Checkpoints(worker.pool).lowest(list(PROJECTIONS)) >= last, within_s=30)
    assert counted() == 3 * 8 * 50
    assert verified(worker, PROJECTIONS["campaign_stats"]).ok
    with worker.pool.connection() as connection:
        sent = connection.execute("SELECT sent, opened FROM campaign_stats").fetchall()
    assert sent == [(150, 150)] * 8


def crew(worker: Adapters) -> set[int]:
    """Return the sessions by which projectors are present."""
    with worker.pool.connection() as connection:
        rows = connection.execute(
            "SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            (CREW_LOCK,),
        ).fetchall()
    return {row[0] for row in rows}


def test_an_operator_divides_on_the_command_line(worker: Adapters, settings: Settings) -> None:
    engine = Engine(environment(settings))
    assert engine.json("projections", "repartition", "audit", "3")["partitions"] == 3
    assert len(positions(worker, "audit")) == 3
    listed = [r["partition"] for r in engine.json("projections", "list") if r["name"] == "audit"]
    assert listed == ["0/3", "1/3", "2/3"]
    assert "0/3" in engine.do("projections", "lag").out
    assert engine.json("projections", "verify", "audit")[0]["ok"]
