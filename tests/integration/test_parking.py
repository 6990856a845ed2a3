"""Events that cannot be applied are parked with their kin; rebuilds stop; owners are fenced."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace

from infra.bootstrap import Adapters
from infra.eventstore.batch import EventBatch
from infra.postgres.connections import Role
from infra.projecting.checkpoint import FencedError, VersionMismatchError, position_of
from infra.projecting.fold import UnfoldableError
from infra.projecting.lag import lags
from infra.projecting.partitions import WHOLE
from infra.projecting.rebuild import RebuildRunningError
from projections.projection import Projection
from projections.registry import PROJECTIONS
from tests.support.asking import asking
from tests.support.builders import contact_imported, fact
from tests.support.cli import until
from tests.support.people import ANN, BOB, EVE, People
from tests.support.touchy_projection import (
    Touchy,
    checkpoint,
    installed,
    live,
    rebuilt,
    shadow_of,
    told,
    verified,
)
from workers.projector import LiveProjection, Projector
from workers.relay import envelopes

pytestmark = pytest.mark.integration


@pytest.fixture
def people(app: Adapters) -> People:
    return People(app)


def parked(worker: Adapters, follower: str = "touchy") -> list[tuple[Any, ...]]:
    with worker.pool.connection() as connection:
        return connection.execute(
            "SELECT position, key, reason FROM parked_events WHERE follower = %s ORDER BY 1",
            (follower,),
        ).fetchall()


def read_log(worker: Adapters, projection: Projection) -> None:
    with live(worker, projection) as following:
        following.read_log()


def test_a_bad_event_is_parked_with_its_kin_and_a_rebuild_brings_them_back(
    people: People, worker: Adapters
) -> None:
    ann, bob, eve = people.come(ANN, BOB, EVE)
    bob_left, ann_left = people.leave(BOB, ANN)
    sick = Touchy(chokes_on=frozenset({bob}))
    installed(worker, sick)

    read_log(worker, sick)

    reason = f"CannotApplyError: position {bob} sticks in the throat"
    waits = "waits behind an earlier event of the same key"
    assert parked(worker) == [(bob, BOB, reason), (bob_left, BOB, waits)]
    assert told(worker) == {ANN: [ann, ann_left], EVE: [eve]}
    assert checkpoint(worker) == (1, ann_left)

    # The next batch: kin wait, the others go on.
    bob_back, eve_left = people.come(BOB)[0], people.leave(EVE)[0]
    read_log(worker, sick)
    assert parked(worker)[2:] == [(bob_back, BOB, waits)]
    assert told(worker) == {ANN: [ann, ann_left], EVE: [eve, eve_left]}
    assert checkpoint(worker) == (1, eve_left)
    assert {lag.follower: lag.parked for lag in lags(worker.pool)}["touchy"] == 3

    # The code is repaired: a verification tells what is missing, a rebuild brings it back.
    healthy = Touchy()
    found = verified(worker, healthy)
    assert not found.ok
    assert (found.parked, found.differences) == (3, 1)
    rebuilt(worker, healthy)
    assert told(worker)[BOB] == [bob, bob_left, bob_back]
    assert parked(worker) == [], "nothing waits for what is in the table now"
    assert verified(worker, healthy).ok
    (bob_again,) = people.leave(BOB)
    read_log(worker, healthy)
    assert told(worker)[BOB] == [bob, bob_left, bob_back, bob_again]


def test_an_event_of_a_newer_release_is_parked_and_the_others_go_on(
    people: People, worker: Adapters
) -> None:
    installed(worker, Touchy())
    unknown = EventBatch(
        decisions=False,
        context=asking(people.workspace),
        stream_ids=[uuid4()],
        versions=[0],
        tags=["contacts.contact_cloned.v1"],
        payloads=[b"{}"],
    )
    position = people.app.log._recorder.append(unknown).last_position
    garbage = replace(unknown, context=asking(people.workspace), stream_ids=[uuid4()])
    garbage = replace(garbage, tags=["contacts.contact_imported.v1"], payloads=[b"{"])
    broken = people.app.log._recorder.append(garbage).last_position
    (ann,) = people.come(ANN)
    read_log(worker, Touchy())
    assert [row[0] for row in parked(worker)] == [position, broken]
    assert "no event type has the tag contacts.contact_cloned.v1" in parked(worker)[0][2]
    assert told(worker) == {ANN: [ann]}
    with pytest.raises(UnfoldableError, match=rf"position {position} \(contacts.contact_cloned"):
        verified(worker, Touchy())


def test_the_reason_says_nothing_of_the_person(people: People, worker: Adapters) -> None:
    """PostgreSQL quotes what it cannot store; that must not end up beside the sealed log."""
    secret = "zoe-quist"
    odd = replace(contact_imported(ANN, email=f"{secret}@a.example"), fields={secret: "\x00"})
    people.app.log.record([fact(odd)], asking(people.workspace))
    read_log(worker, PROJECTIONS["contact_list"])
    ((_, key, reason),) = parked(worker, "contact_list")
    assert key == ANN
    assert reason.startswith("UntranslatableCharacter (SQLSTATE 22P05)")
    assert secret not in reason
    with pytest.raises(UnfoldableError) as refused:
        rebuilt(worker, PROJECTIONS["contact_list"])
    assert secret not in str(refused.value)
    assert "UntranslatableCharacter" in str(refused.value)


def test_a_rebuild_that_cannot_fold_leaves_the_serving_tables_untouched(
    people: People, worker: Adapters
) -> None:
    ann, bob, eve = people.come(ANN, BOB, EVE)
    installed(worker, Touchy())
    read_log(worker, Touchy())
    before = told(worker), checkpoint(worker)
    sick = Touchy(chokes_on=frozenset({bob}), version=2)
    with pytest.raises(UnfoldableError, match=rf"position {bob} .*CannotApplyError"):
        rebuilt(worker, sick)
    assert (told(worker), checkpoint(worker)) == before
    assert before == ({ANN: [ann], BOB: [bob], EVE: [eve]}, (1, eve))
    with worker.connection(Role.MIGRATOR) as owner:
        left = owner.execute("SELECT FROM pg_namespace WHERE nspname LIKE 'touchy%'").fetchall()
    assert left == [], "the shadow is gone"
    rebuilt(worker, Touchy(version=2))  # and nobody holds the lock
    assert (told(worker), checkpoint(worker)) == (before[0], (2, eve))


def test_one_rebuild_at_a_time(worker: Adapters) -> None:
    installed(worker, Touchy())
    with ExitStack() as links:
        first = shadow_of(worker, Touchy(), links)
        first.create()
        with pytest.raises(RebuildRunningError, match="another process"):
            rebuilt(worker, Touchy())
        first.drop()
    rebuilt(worker, Touchy())


class TestTwoOwners:
    """Two projectors that both believe to own a projection: the lock was lost unnoticed."""

    @pytest.fixture(autouse=True)
    def _two(self, people: People, worker: Adapters) -> Iterator[None]:
        self.worker, self.positions = worker, people.come(ANN, BOB, EVE)
        self.page = worker.reader.page(0)
        installed(worker, Touchy())
        with live(worker, Touchy()) as self.first:
            self.second = self.forced()
            yield
            self.second.release()

    def forced(self) -> LiveProjection:
        made = LiveProjection(Touchy(), self.worker.mapper, self.worker)
        assert not made.owned(), "the lock keeps the second one out"
        connection = self.worker.connection(Role.WORKER)
        made.position = made._saved = position_of(connection, Touchy())
        made._connection = connection
        return made

    def once_each(self) -> bool:
        ann, bob, eve = self.positions
        return told(self.worker) == {ANN: [ann], BOB: [bob], EVE: [eve]}

    def test_the_late_one_is_fenced_without_effect(self) -> None:
        self.first.take(list(envelopes(self.page, {})))
        with pytest.raises(FencedError, match="is not 0 any more"):
            self.second.take(list(envelopes(self.page, {})))
        assert self.once_each()
        with pytest.raises(FencedError):
            self.second.read_log()
        assert self.once_each()

    def test_at_the_very_same_time_one_wins(self) -> None:
        together, fenced = Barrier(2), list[FencedError]()

        def take(owner: LiveProjection) -> None:
            together.wait(10)
            try:
                owner.take(list(envelopes(self.page, {})))
            except FencedError as error:
                fenced.append(error)

        threads = [Thread(target=take, args=(owner,)) for owner in (self.first, self.second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(fenced) == 1
        assert self.once_each()

    def test_a_projector_that_was_fenced_starts_again_from_the_database(
        self, people: People
    ) -> None:
        projector = Projector(self.worker, [Touchy()])
        projector._live = {("touchy", WHOLE): self.second}
        self.first.read_log()
        projector.feed([])
        assert self.second._connection is None, "it let go"
        self.first.release()
        (again,) = people.leave(ANN)

        def goes_on() -> bool:  # once the server has noticed that the first one left
            projector.feed([])
            return told(self.worker)[ANN] == [self.positions[0], again]

        until(goes_on)
        asyncio.run(projector.close())


def test_a_projection_of_another_version_is_not_fed(people: People, worker: Adapters) -> None:
    people.come(ANN)
    installed(worker, Touchy())
    newer = LiveProjection(Touchy(version=2), worker.mapper, worker)
    assert not newer.owned()
    with (
        worker.connection(Role.WORKER) as connection,
        pytest.raises(VersionMismatchError, match="run `engine projections rebuild touchy`"),
    ):
        position_of(connection, Touchy(version=2))
    assert told(worker) == {}


def test_a_lost_connection_is_no_reason_to_park(people: People, worker: Adapters) -> None:
    people.come(ANN)
    installed(worker, Touchy())
    with live(worker, Touchy()) as following:
        assert following._connection is not None
        following._connection.close()
        with pytest.raises((psycopg.OperationalError, psycopg.InterfaceError)):
            following.read_log()
    assert parked(worker) == []
