"""What the live audit log reads: never past the read model, never half of a command."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.bootstrap import Adapters
from infra.postgres.checkpoints import Checkpoints
from infra.settings import Settings
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.actor_names import ActorNames
from read_api.queries.audit_tail import AuditTail
from tests.support.asking import asking
from tests.support.builders import a_fact
from tests.support.http_client import House, found_house
from tests.support.working import catch_up

pytestmark = pytest.mark.integration


@pytest.fixture
def house(app: Adapters, worker: Adapters) -> House:
    house = found_house(app)
    catch_up(worker)
    return house


@pytest.fixture
def admin(settings: Settings) -> Iterator[Connection[TupleRow]]:
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        yield connection


def tail_of(app: Adapters, house: House) -> AuditTail:
    reads = TenantReads(app.pool, house.workspace_id)
    return AuditTail(reads, Checkpoints(app.pool), ActorNames(app.mapper))


def move_checkpoint(admin: Connection[TupleRow], position: int) -> None:
    admin.execute("UPDATE projections SET position = %s WHERE name = 'audit'", (position,))


def test_a_command_that_is_half_told_is_waited_for(
    app: Adapters, worker: Adapters, house: House, admin: Connection[TupleRow]
) -> None:
    tail = tail_of(app, house)
    start = tail.end()
    first = app.log.record([a_fact()], asking(house.workspace_id))
    last = app.log.record([a_fact(), a_fact(), a_fact()], asking(house.workspace_id))
    catch_up(worker)
    move_checkpoint(admin, last - 1)  # the model's batch was cut inside the second command
    assert [position for position, _ in tail.after(start)] == [first]
    assert tail.after(first) == []
    move_checkpoint(admin, last)
    assert [line.last_position for _, line in tail.after(first)][-1] == last
    assert tail.after(last) == []
    assert tail.after(last) == ()  # and asks for no rows until the model moves


def test_a_line_beyond_the_checkpoint_is_not_shown_before_those_below_it(
    app: Adapters, worker: Adapters, house: House, admin: Connection[TupleRow]
) -> None:
    tail = tail_of(app, house)
    start = tail.end()
    first = app.log.record([a_fact()], asking(house.workspace_id))
    second = app.log.record([a_fact()], asking(house.workspace_id))
    catch_up(worker)
    move_checkpoint(admin, start)
    assert tail.after(start) == []
    move_checkpoint(admin, second)
    assert [position for position, _ in tail.after(start)] == [first, second]
