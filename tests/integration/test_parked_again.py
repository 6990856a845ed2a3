"""What is parked is retried in its order, or skipped for good; others go on meanwhile."""

from collections.abc import Sequence
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace
from psycopg import Cursor
from psycopg.rows import TupleRow

from commands.platform.skip_parked_event import SkipParkedEvent, skip_parked_event
from domain.shared.errors import InvalidInputError
from infra.bootstrap import Adapters
from infra.postgres.connections import Role
from infra.postgres.parked_events import ParkedHead, Retried, parked_heads
from infra.postgres.skipped_events import PostgresParkedEvents
from infra.postgres.sql_effect import StaleStateError
from infra.projecting.fold import Folder
from infra.projecting.retry import retry
from infra.projecting.tables import LIVE
from infra.settings import Settings
from projections.projection import Projection, RecordedEvent
from tests.integration.test_policy_runner import Chronicler, bounce, drain
from tests.support.asking import asking
from tests.support.builders import contact_imported, fact
from tests.support.cli import Engine, environment
from tests.support.people import ANN, BOB, EVE, People
from tests.support.touchy_projection import (
    Touchy,
    checkpoint,
    installed,
    live,
    rebuilt,
    told,
    verified,
)
from tests.support.working import catch_up
from workers.policy_runner import Follower

pytestmark = pytest.mark.integration


@pytest.fixture
def people(app: Adapters) -> People:
    return People(app)


def heads(worker: Adapters, follower: str = "touchy") -> list[ParkedHead]:
    with worker.pool.connection() as connection:
        return parked_heads(connection, follower)


def retried(worker: Adapters, projection: Projection, head: ParkedHead) -> Retried:
    with worker.connection(Role.WORKER) as connection:
        return retry(Folder(projection, worker.mapper, connection, LIVE), connection, head)


def read_log(worker: Adapters, projection: Projection) -> None:
    with live(worker, projection) as following:
        following.read_log()


def test_a_key_is_retried_in_its_order_as_far_as_it_goes(people: People, worker: Adapters) -> None:
    (first, _), (second,), (third,) = people.come(BOB, ANN), people.leave(BOB), people.come(BOB)
    installed(worker, Touchy())
    read_log(worker, Touchy(chokes_on=frozenset({first})))
    (head,) = heads(worker)
    assert (head.position, head.key, head.behind) == (first, BOB, 2)

    # The same again: nothing is applied, nothing is lost.
    still = retried(worker, Touchy(chokes_on=frozenset({first})), head)
    assert (still.applied, still.left) == (0, 3)
    assert BOB not in told(worker)

    # The first is mended, the second is not: it stays with its own reason, and the third with it.
    done = retried(worker, Touchy(chokes_on=frozenset({second})), head)
    assert (done.applied, done.left) == (1, 2)
    assert told(worker)[BOB] == [first]
    (head,) = heads(worker)
    assert (head.position, head.behind) == (second, 1)
    assert f"position {second} sticks in the throat" in head.reason

    assert retried(worker, Touchy(), head) == Retried(2, 0, "")
    assert told(worker)[BOB] == [first, second, third]
    assert heads(worker) == []
    assert verified(worker, Touchy()).ok
    assert retried(worker, Touchy(), head) == Retried(0, 0, ""), "nothing is applied twice"


class Dying(Touchy):
    """Loses its database after it applied an event."""

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        super().apply(events, cursor)
        if self.batches > 1:
            cursor.connection.close()


def test_a_retry_that_is_cut_off_leaves_all_as_it_was(people: People, worker: Adapters) -> None:
    (first,), (second,) = people.come(BOB), people.leave(BOB)
    installed(worker, Touchy())
    read_log(worker, Touchy(chokes_on=frozenset({first})))
    (head,) = heads(worker)
    with pytest.raises(psycopg.Error):
        retried(worker, Dying(), head)
    assert heads(worker) == [head]
    assert retried(worker, Touchy(), head).applied == 2
    assert told(worker) == {BOB: [first, second]}


def test_one_poison_event_costs_the_others_next_to_nothing(
    people: People, worker: Adapters
) -> None:
    crowd = [fact(contact_imported(uuid4())) for _ in range(2_000)]
    people.app.log.record(crowd[:1_000], asking(people.workspace))
    (poison,) = people.come(BOB)
    people.app.log.record(crowd[1_000:], asking(people.workspace))
    sick = Touchy(chokes_on=frozenset({poison}))
    installed(worker, sick)
    read_log(worker, sick)
    assert len(told(worker)) == len(crowd)
    assert sick.batches < 40, "halved until it is alone, not event by event"
    sick.batches = 0
    last = people.app.log.record(
        [fact(contact_imported(uuid4())) for _ in range(2_000)], asking(people.workspace)
    )
    read_log(worker, sick)
    assert sick.batches == 1, "what is parked already does not slow the next batch"
    assert checkpoint(worker) == (1, last)
    assert [head.position for head in heads(worker)] == [poison]


def skip(people: People, head: ParkedHead, *, reason: str = "known to be wrong") -> int:
    command = SkipParkedEvent(
        follower=head.follower,
        position=head.position,
        recorded_at_ms=int(head.since.timestamp() * 1000),
        event_tag=head.tag,
        failure=head.reason,
        reason=reason,
    )
    context = asking(head.workspace_id, actor="operator:ann")
    return skip_parked_event(command, context, people.app.log, PostgresParkedEvents())


def test_a_skipped_event_is_left_out_for_good_and_its_kin_go_on(
    people: People, worker: Adapters
) -> None:
    (first, _), (second,) = people.come(BOB, ANN), people.leave(BOB)
    sick = Touchy(chokes_on=frozenset({first}))
    installed(worker, sick)
    read_log(worker, sick)
    (head,) = heads(worker)
    writer = People(worker, people.workspace)  # the operator's command works in this role
    with pytest.raises(InvalidInputError, match="say why"):
        skip(writer, head, reason=" ")
    skip(writer, head)
    with pytest.raises(StaleStateError):
        skip(writer, replace(head, since=head.since.replace(year=2025)))
    (behind,) = heads(worker)
    assert retried(worker, sick, behind) == Retried(1, 0, "")
    assert told(worker)[BOB] == [second]

    found = verified(worker, sick)
    assert found.ok
    assert found.skipped == 1
    rebuilt(worker, sick)  # and a rebuild does not stumble over it
    assert told(worker)[BOB] == [second]


def test_a_policy_reacts_to_what_was_parked_in_its_order(app: Adapters, worker: Adapters) -> None:
    workspace, bad, message = uuid4(), uuid4(), uuid4()
    for attempt in (1, 2):
        bounce(app, workspace, contact=bad, message=message, attempt=attempt)
    sick = Chronicler(poison=bad)
    drain(Follower(worker, sick))
    (head,) = heads(worker, "chronicler")
    assert Follower(worker, sick).retry(head).left == 2
    healthy = Chronicler()
    assert Follower(worker, healthy).retry(head) == Retried(2, 0, "")
    assert healthy.seen == [1, 2]
    assert heads(worker, "chronicler") == []
    bounce(app, workspace, contact=bad, message=message, attempt=3)
    drain(Follower(worker, healthy))
    assert healthy.seen == [1, 2, 3]


def test_an_operator_finds_retries_and_skips_on_the_command_line(
    people: People, worker: Adapters, settings: Settings
) -> None:
    """With a real read model, whose table cannot hold what the event says."""
    odd = replace(contact_imported(EVE, email="eve@a.example"), fields={"x": "\x00"})
    bad = people.app.log.record([fact(odd)], asking(people.workspace))
    people.leave(EVE)
    catch_up(worker)
    engine = Engine(environment(settings))

    (parked,) = engine.json("projections", "parked", "contact_list")
    assert (parked["position"], parked["key"], parked["behind"]) == (bad, str(EVE), 1)
    assert parked["workspace_id"] == str(people.workspace)
    assert "SQLSTATE 22P05" in parked["reason"]
    assert "say which events" in engine.refused("projections", "retry", code=2)
    assert "no such event is parked" in engine.refused("projections", "retry", "--position", "99")
    again = engine.ask("projections", "retry", "contact_list", "--all", "--json")
    assert (again.code, again.json[0]["applied"], again.json[0]["left"]) == (1, 0, 2)

    why = ("--reason", "a NUL of the supplier", "--by", "ann")
    refused = engine.refused("projections", "skip", "contact_list", "--position", "99", *why)
    assert "not the first parked event" in refused
    stuck = engine.refused("projections", "rebuild", "contact_list")
    assert f"engine projections skip contact_list --position {bad}" in stuck
    beside = [r for r in engine.json("projections", "list") if r["partition"] == "-"]
    assert [(r["name"], f"position {bad} " in r["state"]) for r in beside] == [
        ("contact_list", True)
    ]
    done = engine.json("projections", "skip", "contact_list", "--position", str(bad), *why)
    assert (done["applied"], done["left"]) == (1, 0)
    assert engine.json("projections", "parked") == []

    (verdict,) = engine.json("projections", "verify", "contact_list")
    assert (verdict["ok"], verdict["skipped"]) == (True, 1)
    assert engine.json("projections", "rebuild", "contact_list")["events"] == 1
    with worker.pool.connection() as connection:
        fact_told = connection.execute(
            "SELECT actor, tag, convert_from(data, 'UTF8') FROM events"
            " JOIN commits USING (workspace_id, command_id) ORDER BY position DESC LIMIT 1"
        ).fetchone()
    assert fact_told is not None
    assert fact_told[:2] == ("operator:ann", "platform.parked_event_skipped.v1")
    assert "a NUL of the supplier" in fact_told[2]
