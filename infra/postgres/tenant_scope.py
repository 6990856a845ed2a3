"""The only way to run SQL for a tenant: a transaction that row-level security is bound to."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import LiteralString, TypeVar
from uuid import UUID

from psycopg import Connection, Cursor
from psycopg.rows import TupleRow, kwargs_row

from infra.postgres.connections import Pool

T = TypeVar("T")


@contextmanager
def tenant_scope(pool: Pool, workspace_id: UUID) -> Iterator[Cursor[TupleRow]]:
    """Yield a cursor that sees one workspace; commits at the end, rolls back on an error.

    The setting is local to the transaction, so it cannot survive into the pool.
    """
    with pool.connection() as connection, tenant_transaction(connection, workspace_id) as cursor:
        yield cursor


@contextmanager
def tenant_transaction(
    connection: Connection[TupleRow], workspace_id: UUID
) -> Iterator[Cursor[TupleRow]]:
    """Do the same on a connection that the caller holds."""
    with connection.transaction(), connection.cursor() as cursor:
        enter(cursor, workspace_id)
        yield cursor


def enter(cursor: Cursor[TupleRow], workspace_id: UUID) -> None:
    """Bind the open transaction to a workspace."""
    cursor.execute("SELECT set_config('app.workspace', %s, true)", (str(workspace_id),))


_ENTER_TO_READ = (
    "SELECT set_config('app.workspace', %s, true), set_config('enable_bitmapscan', 'off', true)"
)
"""Pages are read in the order of an index. Over a table that grew since its last ANALYZE the
planner would gather and sort all of a workspace's rows to show the first of them."""


def read_in_scope(
    pool: Pool,
    workspace_id: UUID,
    kind: Callable[..., T],
    sql: LiteralString,
    values: Mapping[str, object],
) -> list[T]:
    """Return the rows of one query that sees one workspace, made by `kind` from their columns.

    Both statements go in one round trip. Until its end a pipeline in autocommit is one
    transaction, so the setting holds for the query and is gone with it; were they apart, the
    query would see no workspace and find nothing.
    """
    with pool.connection() as connection, connection.cursor(row_factory=kwargs_row(kind)) as cursor:
        with connection.pipeline():
            connection.execute(_ENTER_TO_READ, (str(workspace_id),))
            cursor.execute(sql, values)
        return cursor.fetchall()
