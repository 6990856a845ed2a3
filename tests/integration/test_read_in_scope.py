"""A read in one round trip is as bound to its workspace as any, and finds a living connection."""

from uuid import UUID

import pytest

from infra.bootstrap import Adapters
from infra.postgres.connections import open_pool
from infra.postgres.tenant_scope import read_in_scope

pytestmark = pytest.mark.integration

HERE = UUID(int=78)


def test_the_workspace_is_seen_by_the_query_and_by_nothing_after_it(app: Adapters) -> None:
    pool = open_pool(app.pool.conninfo, size=1)
    asked = "SELECT current_workspace() AS seen, current_setting('enable_bitmapscan') AS bitmaps"
    try:
        assert read_in_scope(pool, HERE, dict, asked, {}) == [{"seen": HERE, "bitmaps": "off"}]
        with pool.connection() as connection:
            assert connection.execute(asked).fetchone() == (None, "on")
    finally:
        pool.close()


def test_a_connection_that_the_server_ended_is_not_lent(app: Adapters) -> None:
    pool = open_pool(app.pool.conninfo, size=1)
    try:
        with pool.connection() as connection:
            ended = connection.info.backend_pid
        with app.pool.connection() as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (ended,))
        with pool.connection() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
            assert connection.info.backend_pid != ended
    finally:
        pool.close()
