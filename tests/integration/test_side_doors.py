"""The known ways around the walls: shut in the real schema, and each seen open once."""

from collections.abc import Iterator
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg import Connection
from psycopg.errors import InsufficientPrivilege
from psycopg.rows import TupleRow

from infra.bootstrap import Adapters
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Settings
from tests.support.side_doors import open_doors
from tests.support.table_walk import tables_with_a_row, trespasses

pytestmark = pytest.mark.integration

PLANTED: list[tuple[LiteralString, str]] = [
    (
        (
            "CREATE TABLE planted (workspace_id uuid, contact_id uuid UNIQUE,"
            " PRIMARY KEY (workspace_id, contact_id));"
            "CREATE TABLE child (workspace_id uuid, other uuid REFERENCES planted (contact_id))"
        ),
        "foreign key child_other_fkey of child does not hold workspace_id",
    ),
    (
        "CREATE VIEW planted AS SELECT * FROM contacts; GRANT SELECT ON planted TO engine_app",
        "view planted does not read as who asks",
    ),
    ("CREATE MATERIALIZED VIEW planted AS SELECT * FROM contacts", "view planted does not"),
    (
        "CREATE POLICY planted ON contacts FOR SELECT TO engine_app USING (true)",
        "policy planted of contacts lets {engine_app} see any workspace",
    ),
    (
        "CREATE POLICY planted ON contacts FOR INSERT WITH CHECK (workspace_id IS NOT NULL)",
        "policy planted of contacts lets {public} see any workspace",
    ),
    (
        (
            "CREATE FUNCTION planted() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
            " AS 'SELECT count(*) FROM contacts'"
        ),
        "function planted runs as its owner with a search_path of who calls",
    ),
    (
        (
            "CREATE FUNCTION planted() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
            " SET search_path = public, pg_temp AS 'SELECT count(*) FROM contacts'"
        ),
        "function planted runs as its owner, for everybody",
    ),
    (
        (
            "CREATE FUNCTION planted() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
            " SET search_path = public, pg_temp AS 'SELECT count(*) FROM contacts';"
            " REVOKE ALL ON FUNCTION planted() FROM PUBLIC"
        ),
        "function planted runs as its owner and is not on the list",
    ),
    (
        "CREATE SEQUENCE planted; GRANT USAGE ON SEQUENCE planted TO engine_app",
        "sequence planted can be read",
    ),
    (
        (
            "CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN PERFORM pg_notify('x', NEW.workspace_id::text); RETURN NEW; END $$"
        ),
        "function planted notifies",
    ),
    ("GRANT pg_read_all_stats TO engine_app", "engine_app may pg_read_all_stats"),
    ("GRANT engine_worker TO engine_app", "engine_app may become engine_worker"),
]

TRESPASSES: list[tuple[LiteralString, str]] = [
    (
        "CREATE POLICY planted ON contacts FOR SELECT TO engine_app USING (true)",
        "another workspace can see contacts",
    ),
    ("ALTER TABLE templates DISABLE ROW LEVEL SECURITY", "another workspace can see templates"),
    (
        (
            "DROP POLICY tenant_appends ON events; CREATE POLICY planted ON events FOR INSERT"
            " TO engine_app WITH CHECK (workspace_id IS NOT NULL)"
        ),
        "another workspace can write a row of others into events",
    ),
    (
        (
            "CREATE POLICY planted ON log_seals FOR SELECT TO engine_app"
            " USING (workspace_id = current_workspace() OR current_workspace() IS NULL)"
        ),
        "nobody can see log_seals",
    ),
]


@pytest.fixture
def admin(settings: Settings) -> Iterator[Connection[TupleRow]]:
    """The superuser, whose every change is rolled back."""
    with psycopg.connect(settings.database_url) as connection:
        yield connection
        connection.rollback()


def test_no_side_door_is_open(admin: Connection[TupleRow]) -> None:
    assert open_doors(admin) == set()


def test_each_planted_side_door_is_found(admin: Connection[TupleRow]) -> None:
    for statement, sentence in PLANTED:
        admin.execute(statement)
        assert any(sentence in door for door in open_doors(admin)), (statement, open_doors(admin))
        admin.rollback()


def test_no_row_is_seen_changed_or_written_from_outside(admin: Connection[TupleRow]) -> None:
    assert {"contacts", "events", "audit_log", "log_seals"} <= tables_with_a_row(admin)
    assert trespasses(admin) == set()


def test_each_planted_trespass_is_found(admin: Connection[TupleRow]) -> None:
    for statement, sentence in TRESPASSES:
        admin.execute(statement)
        found = trespasses(admin)
        assert sentence in found, (statement, found)
        admin.rollback()


def test_partitions_of_the_log_cannot_be_asked_around_it(app: Adapters) -> None:
    for partition in ("events_decisions", "events_facts", "events_facts_rest"):
        with (
            pytest.raises(InsufficientPrivilege),
            tenant_scope(app.pool, uuid4()) as cursor,
        ):
            cursor.execute(psycopg.sql.SQL("TABLE {}").format(psycopg.sql.Identifier(partition)))


def leaks(app: Adapters, *, checkouts: int) -> int:
    """Return how often a connection came out of the pool still bound to a workspace."""
    leaked = 0
    for at in range(checkouts):
        with app.pool.connection() as connection:
            row = connection.execute("SELECT current_setting('app.workspace', true)").fetchone()
            leaked += bool(row and row[0])
        try:
            with tenant_scope(app.pool, uuid4()) as cursor:
                cursor.execute("SELECT 1 / %s", (at % 3,))  # every third transaction fails
        except psycopg.errors.DivisionByZero:
            continue
    return leaked


def test_a_workspace_does_not_survive_into_the_pool(app: Adapters) -> None:
    assert leaks(app, checkouts=300) == 0
    with app.pool.connection() as connection:  # the planted fault: plain SET
        connection.execute("SELECT set_config('app.workspace', %s, false)", (str(uuid4()),))
    assert leaks(app, checkouts=12) > 0
