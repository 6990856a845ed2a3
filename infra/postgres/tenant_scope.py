"""The only way to run SQL for a tenant: a transaction that row-level security is bound to."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from infra.postgres.connections import Pool


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
