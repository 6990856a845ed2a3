"""One append, one answer: lost answers, races, and a log that nobody can change."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from threading import Barrier, Thread
from typing import LiteralString
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg
import pytest
from msgspec.structs import replace
from psycopg import Connection, sql
from psycopg.rows import TupleRow, tuple_row

from domain.contacts.decider import CONSENT, Consent
from domain.contacts.events import Channel, ConsentEvent, ContactUnsubscribed
from domain.shared.errors import ConcurrentChangeError
from infra.bootstrap import Adapters
from infra.eventstore.log import RE_DECISIONS
from infra.eventstore.log_order import check_order
from infra.eventstore.recorder import ATTEMPTS
from infra.postgres.connections import Role, role_dsn
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Settings
from tests.support.asking import asking
from tests.support.builders import a_fact
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.integration

COUNT_ONE = SqlEffect(
    "INSERT INTO relay_rates (relay, rate_per_s) VALUES ('counted', 1)"
    " ON CONFLICT (relay) DO UPDATE SET rate_per_s = relay_rates.rate_per_s + 1",
    {},
)


def unsubscribed(contact: UUID) -> ContactUnsubscribed:
    return ContactUnsubscribed(contact_id=contact, via=Channel.API)


class TestALostAnswer:
    """The server has committed, and the connection dies before it could say so."""

    @pytest.fixture(autouse=True)
    def _proxied(self, settings: Settings, worker: Adapters) -> Iterator[None]:
        place = urlsplit(settings.database_url)
        assert place.hostname
        assert place.port
        with TcpProxy((place.hostname, place.port)) as proxy:
            through = settings.database_url.replace(f":{place.port}/", f":{proxy.port}/")
            self.proxy, self.worker, self.workspace = proxy, worker, uuid4()
            # The worker's role, for it may write the table that counts effects.
            self.far = Adapters(
                replace(settings, database_url=through), role=Role.WORKER, name="far"
            )
            self.far.log.state(CONSENT, uuid4(), asking(self.workspace))  # its link is up
            yield
            self.far.close()

    def lose(self, times: int = 1) -> None:
        self.proxy.lose_reply_to(b"COMMIT\x00", done=b"COMMIT\x00", times=times)

    def written(self) -> tuple[int, int, float]:
        """How many events and commits there are, and how often effects were applied."""
        with self.worker.pool.connection() as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM commits),"
                " (SELECT coalesce(sum(rate_per_s), 0) FROM relay_rates)"
            ).fetchone()
        assert row is not None
        return row

    def last_position(self) -> int:
        return int(self.worker.reader.page(0)[-1].position)

    def test_a_decision_gets_the_recorded_answer(self) -> None:
        contact = uuid4()
        self.lose()
        position = self.far.log.decide(
            CONSENT,
            contact,
            lambda _: [unsubscribed(contact)],
            asking(self.workspace),
            effects=lambda _: [COUNT_ONE],
        )
        assert self.proxy.lost == 1
        assert position == self.last_position()
        assert self.written() == (1, 1, 1)

    def test_a_decision_that_is_one_call_gets_the_recorded_answer(self) -> None:
        contact = uuid4()
        self.proxy.lose_reply_to(b"append_events", done=b"SELECT 1\x00", times=1)
        position = self.far.log.decide(
            CONSENT, contact, lambda _: [unsubscribed(contact)], asking(self.workspace)
        )
        assert self.proxy.lost == 1
        assert position == self.last_position()
        assert self.written() == (1, 1, 0)

    def test_recorded_facts_get_the_recorded_answer(self) -> None:
        facts = [a_fact() for _ in range(3)]
        self.lose()
        appended = self.far.log.append_facts(facts, asking(self.workspace), effects=[COUNT_ONE])
        assert self.proxy.lost == 1
        assert (appended.count, appended.last_position) == (3, self.last_position())
        assert self.written() == (3, 1, 1)

    def test_an_answer_lost_three_times_is_found_in_the_end(self) -> None:
        facts = [a_fact()]
        self.lose(times=3)
        position = self.far.log.record(facts, asking(self.workspace), effects=[COUNT_ONE])
        assert position == self.last_position()
        assert self.written() == (1, 1, 1)

    def test_an_empty_record_is_answered_too(self) -> None:
        self.lose()
        assert self.far.log.record([], asking(self.workspace)) == 0
        assert self.proxy.lost == 1
        assert self.written() == (0, 1, 0)

    def test_facts_that_were_known_before_stay_one_row(self) -> None:
        fact = a_fact()
        self.far.log.record([fact], asking(self.workspace))
        self.lose()
        appended = self.far.log.append_facts([fact, a_fact()], asking(self.workspace))
        assert self.proxy.lost == 1
        assert appended.count == 1
        assert self.written() == (2, 2, 0)


def test_a_command_told_again_gets_its_first_answer_though_the_stream_went_on(
    app: Adapters,
) -> None:
    workspace, contact = uuid4(), uuid4()
    context = asking(workspace)

    def once(consent: Consent) -> Sequence[ConsentEvent]:
        return [] if consent.unsubscribed else [unsubscribed(contact)]

    first = app.log.decide(CONSENT, contact, once, context)
    later = app.log.decide(CONSENT, contact, lambda _: [unsubscribed(contact)], asking(workspace))
    assert later > first
    assert app.log.decide(CONSENT, contact, once, context) == first
    assert app.log.decide(CONSENT, contact, once, asking(workspace)) == later


def test_two_who_decide_at_once_are_both_heard(app: Adapters, worker: Adapters) -> None:
    workspace, contact, rounds = uuid4(), uuid4(), 10
    asked: list[int] = []
    together = Barrier(2)

    def decide(number: int) -> None:
        for _ in range(rounds):
            tried = 0

            def decision(_: Consent) -> Sequence[ConsentEvent]:
                nonlocal tried
                tried += 1
                asked.append(number)
                if tried == 1:  # both have folded the same state: one of them must lose
                    together.wait(10)
                return [unsubscribed(contact)]

            app.log.decide(CONSENT, contact, decision, asking(workspace))

    threads = [Thread(target=decide, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = worker.reader.page(0)
    assert [row.version for row in rows] == list(range(1, 2 * rounds + 1))
    assert len(asked) >= 3 * rounds, "in each round somebody lost, and decided once more"
    assert check_order(worker.pool).ok


def test_who_loses_every_race_is_told_to_try_again(app: Adapters, worker: Adapters) -> None:
    workspace, contact = uuid4(), uuid4()
    tries = 0

    def beaten(_: Consent) -> Sequence[ConsentEvent]:
        nonlocal tries
        tries += 1
        app.log.decide(CONSENT, contact, lambda _: [unsubscribed(contact)], asking(workspace))
        return [unsubscribed(contact)]

    with pytest.raises(ConcurrentChangeError, match="try again"):
        app.log.decide(CONSENT, contact, beaten, asking(workspace))
    assert tries == RE_DECISIONS
    assert len(worker.reader.page(0)) == RE_DECISIONS, "the loser wrote nothing"


def test_the_same_fact_told_by_two_at_once_is_one_row(app: Adapters, worker: Adapters) -> None:
    workspace, facts = uuid4(), [a_fact() for _ in range(50)]
    counts: list[int] = []
    together = Barrier(4)

    def tell() -> None:
        together.wait(10)
        counts.append(app.log.append_facts(facts, asking(workspace)).count)

    threads = [Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == len(worker.reader.page(0)) == 50
    assert len(counts) == 4


CHANGES: list[LiteralString] = [
    "UPDATE {} SET workspace_id = workspace_id",
    "DELETE FROM {}",
    "TRUNCATE {}",
]
TABLES = ("events", "commits")
PARTITIONS = ("events_decisions", "events_facts", "events_facts_rest")


@pytest.fixture
def recorded(app: Adapters) -> UUID:
    """A workspace with one decision and one fact in the log."""
    workspace, contact = uuid4(), uuid4()
    app.log.decide(CONSENT, contact, lambda _: [unsubscribed(contact)], asking(workspace))
    app.log.record([a_fact()], asking(workspace))
    return workspace


def change(connection: Connection[TupleRow], statement: LiteralString, table: str) -> None:
    connection.execute(sql.SQL(statement).format(sql.Identifier(table)))


@pytest.mark.parametrize("role", [Role.APP, Role.WORKER])
def test_no_process_may_change_the_log(settings: Settings, recorded: UUID, role: Role) -> None:
    dsn = role_dsn(settings.database_url, role, settings.secret_key)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SELECT set_config('app.workspace', %s, false)", (str(recorded),))
        for table in (*TABLES, *PARTITIONS):
            for statement in CHANGES:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    change(connection, statement, table)


def test_the_owner_is_stopped_by_the_trigger(settings: Settings, recorded: UUID) -> None:
    """Even after the owner has switched off what else protects the log."""
    del recorded
    dsn = role_dsn(settings.database_url, Role.MIGRATOR, settings.secret_key)
    with psycopg.connect(dsn) as connection:
        for table in (*TABLES, *PARTITIONS):
            for statement in CHANGES:
                for name in (*TABLES, *PARTITIONS):
                    change(connection, "ALTER TABLE {} DISABLE ROW LEVEL SECURITY", name)
                changes_a_row = table != "events_facts_rest" or statement == "TRUNCATE {}"
                if changes_a_row:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                        change(connection, statement, table)
                connection.rollback()


def test_every_part_of_the_log_has_the_triggers_the_monthly_ones_too(
    settings: Settings, worker: Adapters
) -> None:
    with worker.pool.connection() as connection:
        connection.execute("SELECT ensure_fact_partitions(7)")
    with psycopg.connect(settings.database_url) as admin:
        parts = admin.execute(
            "SELECT c.relname, count(*) FILTER (WHERE t.tgtype & 32 > 0),"
            " count(*) FILTER (WHERE t.tgtype & 24 = 24) FROM pg_class c"
            " LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgenabled = 'O'"
            " WHERE c.relname LIKE 'events%' AND c.relkind = 'r' GROUP BY 1"
        ).fetchall()
    assert len(parts) >= 10
    for name, truncate, change_of_row in parts:
        assert (name, truncate, change_of_row) == (name, 1, 1)


def counted(connection: Connection[TupleRow]) -> tuple[int, int]:
    row = connection.execute(
        "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM commits)"
    ).fetchone()
    assert row is not None
    return row


INSERT_EVENT = """
INSERT INTO events (kind, workspace_id, stream_id, version, command_id, tag, data)
VALUES ('f', %(w)s, %(w)s, 0, %(w)s, 'contacts.import_failed.v1', '{}')
"""
INSERT_COMMIT = """
INSERT INTO commits (workspace_id, command_id, actor, correlation_id, event_count, first_position,
                     last_position, digest) VALUES (%(w)s, %(w)s, 'x', %(w)s, 1, 1, 1, '')
"""


def test_the_app_sees_and_writes_its_workspace_alone(app: Adapters, recorded: UUID) -> None:
    app.log.record([a_fact() for _ in range(5)], asking(uuid4()))
    with tenant_scope(app.pool, recorded) as cursor:
        assert counted(cursor.connection) == (2, 2)
        assert cursor.execute("SELECT DISTINCT workspace_id FROM events").fetchall() == [
            (recorded,)
        ]
    for insert in (INSERT_EVENT, INSERT_COMMIT):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"),
            tenant_scope(app.pool, recorded) as cursor,
        ):
            cursor.execute(insert, {"w": uuid4()})


def test_without_a_workspace_there_is_nothing(app: Adapters, recorded: UUID) -> None:
    with app.pool.connection() as connection:
        assert counted(connection) == (0, 0)
        for insert in (INSERT_EVENT, INSERT_COMMIT):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                connection.execute(insert, {"w": recorded})


def test_a_decision_leaves_no_workspace_behind(app: Adapters) -> None:
    contact = uuid4()
    asked = asking(uuid4())
    app.log.decide(CONSENT, contact, lambda _: [unsubscribed(contact)], asked)
    app.log.state(CONSENT, contact, asked)
    with app.log._recorder._connection() as connection:
        connection.row_factory = tuple_row
        assert counted(connection) == (0, 0)


MANY = 3 * ATTEMPTS


def test_an_append_outlives_a_pool_of_dead_connections(
    settings: Settings, worker: Adapters
) -> None:
    app = Adapters(settings, role=Role.APP, name="many-links", pool_size=MANY)
    with ExitStack() as lent:
        for _ in range(MANY):
            lent.enter_context(app.log._recorder._connection())
    with psycopg.connect(settings.database_url) as admin:
        ended = admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'many-links'"
        ).fetchall()
    assert ended == [(True,)] * MANY
    contact, asked = uuid4(), asking(uuid4())
    app.log.decide(CONSENT, contact, lambda _: [unsubscribed(contact)], asked)
    app.close()
    assert [row.stream_id for row in worker.reader.page(0)] == [contact]


def test_a_workspace_does_not_survive_the_pool(app: Adapters, recorded: UUID) -> None:
    """A thousand loans of few connections: the next borrower finds them empty."""
    other = uuid4()
    app.log.record([a_fact()], asking(other))
    expected = {recorded: 2, other: 1}
    for turn in range(500):
        workspace = (recorded, other)[turn % 2]
        with tenant_scope(app.pool, workspace) as cursor:
            found = cursor.execute("SELECT current_workspace(), count(*) FROM events").fetchone()
            assert found == (workspace, expected[workspace])
        with app.pool.connection() as connection:
            left = connection.execute("SELECT current_workspace(), count(*) FROM events").fetchone()
            assert left == (None, 0)


def test_the_logs_own_connections_forget_the_workspace_too(app: Adapters, recorded: UUID) -> None:
    for _ in range(20):
        app.log.record([a_fact()], asking(recorded))
        app.log.state(CONSENT, uuid4(), asking(recorded))
        with app._datastore.pool.connection() as connection:
            row = connection.execute("SELECT current_workspace() AS w").fetchone()
            assert row["w"] is None


def test_a_broken_append_leaves_no_workspace_behind(app: Adapters, recorded: UUID) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        app.log.record([a_fact()], asking(recorded), effects=[SqlEffect("TABLE nowhere", {})])
    with app._datastore.pool.connection() as connection:
        assert connection.execute("SELECT current_workspace() AS w").fetchone()["w"] is None
    with tenant_scope(app.pool, recorded) as cursor:
        assert counted(cursor.connection) == (2, 2)
