"""The isolation of workspaces, read from the catalog; each check is first seen red."""

from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.settings import Settings
from tests.support.catalog import faults

pytestmark = pytest.mark.integration

PLANTED: list[tuple[LiteralString, str]] = [
    ("ALTER TABLE contacts NO FORCE ROW LEVEL SECURITY", "contacts does not force"),
    ("ALTER TABLE events DISABLE ROW LEVEL SECURITY", "events does not force"),
    ("ALTER TABLE events_facts_rest NO FORCE ROW LEVEL SECURITY", "events_facts_rest does not"),
    ("CREATE TABLE planted (n int PRIMARY KEY)", "planted has no workspace_id"),
    (
        "CREATE TABLE planted (workspace_id uuid, n int, PRIMARY KEY (workspace_id, n))",
        "planted does not force",
    ),
    (
        (
            "CREATE TABLE planted (workspace_id uuid, n int PRIMARY KEY); "
            "ALTER TABLE planted ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
        ),
        "planted_pkey does not start with workspace_id",
    ),
    (
        (
            "CREATE TABLE planted (workspace_id uuid, n int); "
            "ALTER TABLE planted ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
        ),
        "planted has no primary key",
    ),
    ("CREATE UNIQUE INDEX planted ON contacts (contact_id)", "planted does not start with"),
    (
        (
            "CREATE TABLE planted (workspace_id uuid, n int, PRIMARY KEY (workspace_id, n)); "
            "ALTER TABLE planted ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; "
            "GRANT SELECT ON planted TO engine_app"
        ),
        "planted is granted but has no policy",
    ),
    ("GRANT SELECT ON events_decisions TO engine_app", "partition events_decisions is granted"),
    ("GRANT INSERT ON events_facts_rest TO PUBLIC", "partition events_facts_rest is granted"),
    ("ALTER TABLE contacts OWNER TO engine_app", "engine_app owns table contacts"),
    ("ALTER FUNCTION log_head() OWNER TO engine_app", "engine_app owns function log_head"),
    ("ALTER ROLE engine_app BYPASSRLS", "engine_app has powers"),
    ("ALTER ROLE engine_worker SUPERUSER", "engine_worker has powers"),
]


@pytest.fixture
def admin(settings: Settings) -> Iterator[Connection[TupleRow]]:
    """The superuser, whose every change is rolled back."""
    with psycopg.connect(settings.database_url) as connection:
        yield connection
        connection.rollback()


def test_no_table_lets_one_workspace_into_another(admin: Connection[TupleRow]) -> None:
    assert faults(admin) == set()


def test_each_planted_hole_is_found(admin: Connection[TupleRow]) -> None:
    for statement, sentence in PLANTED:
        admin.execute(statement)
        found = faults(admin)
        assert any(fault.startswith(sentence) or sentence in fault for fault in found), (
            statement,
            found,
        )
        admin.rollback()
    assert faults(admin) == set()
