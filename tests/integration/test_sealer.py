"""The sealer: everything once, in order, whatever dies; nobody can take a seal back."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from psycopg import Connection
from psycopg.errors import InsufficientPrivilege, UniqueViolation
from psycopg.rows import TupleRow

from infra.bootstrap import Adapters
from infra.crypto.signing import SigningKey
from infra.eventstore import sealer as sealing
from infra.eventstore.log_verify import LogVerifier
from infra.eventstore.reader import read_page
from infra.eventstore.seal_rows import LostSealingError, move_sealed, sealed_upto, seals_after
from infra.eventstore.sealer import seal_next
from infra.eventstore.seals import FIRST_PREVIOUS, Seal
from infra.failpoints import Failpoint
from infra.postgres.connections import Role
from infra.settings import Settings
from tests.support.logging_facts import founded, record_facts
from tests.support.sending import environment
from workers.sealer import Sealer

pytestmark = pytest.mark.integration

DIES_AT = """
import sys
from infra.bootstrap import Adapters
from infra.failpoints import Failpoint, arm, die
from infra.postgres.connections import Role
from infra.settings import load_settings
from workers.sealer import Sealer
arm(Failpoint(sys.argv[1]), die)
Sealer(Adapters(load_settings(), role=Role.WORKER, name="dies")).step()
"""


@pytest.fixture
def connection(worker: Adapters) -> Iterator[Connection[TupleRow]]:
    """The sealer's own connection."""
    with worker.connection(Role.SEALER) as made:
        yield made


@pytest.fixture
def key(settings: Settings) -> SigningKey:
    return SigningKey(settings.secret_key)


def chain(connection: Connection[TupleRow], workspace_id: UUID, key: SigningKey) -> list[Seal]:
    """Return a workspace's seals, after looking whether they are a chain."""
    seals = seals_after(connection, workspace_id, 0, limit=1_000)
    previous = FIRST_PREVIOUS
    for number, seal in enumerate(seals, start=1):
        assert (seal.number, seal.previous) == (number, previous)
        assert seal.is_signed_by(key.public_key)
        previous = seal.hash
    return seals


def counts(seals: list[Seal]) -> tuple[int, int]:
    return sum(seal.event_count for seal in seals), sum(seal.leaf_count for seal in seals)


def test_every_workspace_has_its_own_chain_over_events_and_commits(
    app: Adapters, connection: Connection[TupleRow], key: SigningKey
) -> None:
    one, two = founded(app), founded(app)
    record_facts(app, one, 3)
    seal_next(connection, key)
    record_facts(app, two, 2)
    record_facts(app, one, 1)
    seal_next(connection, key)

    assert counts(chain(connection, one, key)) == (5, 5 + 3)
    assert counts(chain(connection, two, key)) == (3, 3 + 2)
    assert seal_next(connection, key) == 0
    assert sealed_upto(connection) == read_page(connection, 0)[-1].position


def test_a_seal_holds_a_bounded_number_of_events(
    app: Adapters,
    connection: Connection[TupleRow],
    key: SigningKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sealing, "EVENTS_A_SEAL", 4)
    workspace = founded(app)
    record_facts(app, workspace, 9)
    seal_next(connection, key)

    seals = chain(connection, workspace, key)
    assert [seal.event_count for seal in seals] == [4, 4, 2]
    assert [seal.leaf_count for seal in seals] == [5, 4, 3]


@pytest.mark.parametrize(
    "point", [Failpoint.SEALER_READ, Failpoint.SEALER_WRITTEN, Failpoint.SEALER_COMMITTED]
)
def test_a_killed_sealer_leaves_whole_seals_and_the_next_one_goes_on(
    point: Failpoint,
    app: Adapters,
    worker: Adapters,
    settings: Settings,
    connection: Connection[TupleRow],
    key: SigningKey,
) -> None:
    workspace = founded(app)
    record_facts(app, workspace, 5)

    died = subprocess.run(
        [sys.executable, "-c", DIES_AT, point],
        env=environment(settings, smtp_port=1),
        stderr=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert died.returncode == -9
    record_facts(app, workspace, 2)
    next_one = Sealer(worker)
    next_one.step()
    next_one.close()

    assert counts(chain(connection, workspace, key)) == (8, 8 + 3)


def test_of_two_sealers_one_works_and_the_other_takes_over(
    app: Adapters, worker: Adapters, connection: Connection[TupleRow], key: SigningKey
) -> None:
    workspace = founded(app)
    first, second = Sealer(worker), Sealer(worker)
    first.step()
    record_facts(app, workspace, 2)
    second.step()
    assert counts(chain(connection, workspace, key))[0] == 1

    first.close()
    second.step()
    second.close()
    assert counts(chain(connection, workspace, key))[0] == 3


def test_a_sealer_that_lost_its_turn_writes_nothing(
    app: Adapters,
    connection: Connection[TupleRow],
    key: SigningKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace = founded(app)

    def overtaken(_: Connection[TupleRow]) -> int:
        monkeypatch.undo()
        seal_next(connection, key)
        return 0

    monkeypatch.setattr(sealing, "sealed_upto", overtaken)
    with pytest.raises(LostSealingError):
        seal_next(connection, key)
    assert counts(chain(connection, workspace, key)) == (1, 2)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE log_seals SET root = root", "DELETE FROM log_seals", "TRUNCATE log_seals"],
)
def test_nobody_takes_a_seal_back(
    statement: str,
    app: Adapters,
    worker: Adapters,
    settings: Settings,
    connection: Connection[TupleRow],
    key: SigningKey,
) -> None:
    workspace = founded(app)
    seal_next(connection, key)
    for role in (Role.APP, Role.WORKER, Role.SEALER):
        with worker.connection(role) as other, pytest.raises(InsufficientPrivilege):
            other.execute(statement.encode())
    with (
        psycopg.connect(settings.database_url) as superuser,  # whom only the trigger stops
        pytest.raises(InsufficientPrivilege, match="append-only"),
    ):
        superuser.execute(statement.encode())
    assert len(chain(connection, workspace, key)) == 1


def test_only_the_sealer_appends_seals_and_it_appends_no_events(
    app: Adapters, worker: Adapters, connection: Connection[TupleRow], key: SigningKey
) -> None:
    founded(app)
    seal_next(connection, key)
    copy = "INSERT INTO log_seals SELECT * FROM log_seals"
    for role in (Role.APP, Role.WORKER):
        with worker.connection(role) as other, pytest.raises(InsufficientPrivilege):
            other.execute(copy)
    with pytest.raises(InsufficientPrivilege):
        connection.execute("INSERT INTO events SELECT * FROM events")
    with pytest.raises(UniqueViolation):
        connection.execute(copy)


def test_a_workspace_sees_its_own_seals_alone(
    app: Adapters, connection: Connection[TupleRow], key: SigningKey
) -> None:
    one, _ = founded(app), founded(app)
    seal_next(connection, key)
    with app.connection(Role.APP) as tenant, tenant.transaction():
        tenant.execute("SELECT set_config('app.workspace', %s, true)", (str(one),))
        assert tenant.execute("SELECT workspace_id FROM log_seals").fetchall() == [(one,)]


def test_neither_a_cursor_set_back_nor_a_clock_that_jumps_spoils_the_chain(
    app: Adapters,
    connection: Connection[TupleRow],
    settings: Settings,
    key: SigningKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace = founded(app)
    record_facts(app, workspace, 3)
    seal_next(connection, key)
    with psycopg.connect(settings.database_url) as superuser:
        superuser.execute("UPDATE sealer_cursor SET position = 0")
    record_facts(app, workspace, 2)
    monkeypatch.setattr(sealing, "now", lambda: datetime(1999, 1, 1, tzinfo=UTC))
    seal_next(connection, key)

    assert counts(chain(connection, workspace, key)) == (6, 6 + 3)
    found = LogVerifier(connection, keys={key.key_id: key.public_key}).verify()
    assert (found.ok, found.events) == (True, 6)


def test_the_cursor_moves_by_compare_and_set(connection: Connection[TupleRow]) -> None:
    move_sealed(connection, before=0, after=5)
    with pytest.raises(LostSealingError):
        move_sealed(connection, before=0, after=6)
    assert sealed_upto(connection) == 5
