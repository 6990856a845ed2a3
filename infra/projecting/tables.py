"""Create the tables of a projection: in `public` to serve, in a schema of their own to rebuild."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from infra.postgres.connections import Role
from projections.projection import Projection, Table

LIVE = "public"


def shadow_schema(projection: Projection) -> str:
    """Return the schema in which this version is rebuilt, `name__vN`."""
    return f"{projection.name}__v{projection.version}"


def create_tables(connection: Connection[TupleRow], projection: Projection, schema: str) -> None:
    """Create the tables without their secondary indexes."""
    for table in projection.tables:
        key = sql.SQL(", ").join(sql.Identifier(name) for name in ("workspace_id", *table.key))
        connection.execute(
            sql.SQL("CREATE TABLE {}.{} (workspace_id uuid NOT NULL, {}PRIMARY KEY ({}))").format(
                sql.Identifier(schema),
                sql.Identifier(table.name),
                sql.SQL("").join(sql.SQL(column) + sql.SQL(", ") for column in table.columns),
                key,
            )
        )


def finish_tables(
    connection: Connection[TupleRow],
    projection: Projection,
    schema: str,
    *,
    beside: Connection[TupleRow] | None = None,
) -> None:
    """Build the indexes, then who may see what: one workspace for the app, all for workers.

    With a second connection two indexes are built at once.
    """
    builders = [connection, beside] if beside else [connection]
    statements = list(_indexes(projection, schema))
    with ThreadPoolExecutor(len(builders)) as threads:
        shares = [statements[n :: len(builders)] for n in range(len(builders))]
        list(threads.map(_execute_all, builders, shares))
    for table in projection.tables:
        name = sql.Identifier(schema, table.name)
        for statement in _GUARDS:
            connection.execute(sql.SQL(statement).format(name))
        connection.execute(sql.SQL("ANALYZE {}").format(name))


def _indexes(projection: Projection, schema: str) -> Iterator[sql.Composed]:
    for table in projection.tables:
        for number, columns in enumerate(table.indexes, start=1):
            yield sql.SQL("CREATE INDEX {} ON {} (workspace_id, {})").format(
                sql.Identifier(f"{table.name}_{number}"),
                sql.Identifier(schema, table.name),
                _names(columns),
            )


def _execute_all(connection: Connection[TupleRow], statements: Sequence[sql.Composed]) -> None:
    for statement in statements:
        connection.execute(statement)


def grant_worker(connection: Connection[TupleRow], projection: Projection, schema: str) -> None:
    """Let the worker fill tables of a shadow schema that are not finished yet."""
    connection.execute(
        sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(
            sql.Identifier(schema), sql.Identifier(Role.WORKER)
        )
    )
    for table in projection.tables:
        connection.execute(
            sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}").format(
                sql.Identifier(schema, table.name), sql.Identifier(Role.WORKER)
            )
        )


def swap_in(connection: Connection[TupleRow], tables: Sequence[Table], schema: str) -> None:
    """Let finished shadow tables take the place of the live ones; in the caller's transaction."""
    for table in tables:
        connection.execute(
            sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(LIVE, table.name))
        )
        connection.execute(
            sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(
                sql.Identifier(schema, table.name), sql.Identifier(LIVE)
            )
        )


def drop_shadow(connection: Connection[TupleRow], projection: Projection) -> None:
    """Remove what a rebuild or a verification left."""
    connection.execute(
        sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(
            sql.Identifier(shadow_schema(projection))
        )
    )


_GUARDS = (
    "ALTER TABLE {} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    """CREATE POLICY tenant_reads ON {} FOR SELECT TO engine_app
       USING (workspace_id = (SELECT current_workspace()))""",
    "CREATE POLICY projector_writes ON {} TO engine_worker USING (true) WITH CHECK (true)",
    "GRANT SELECT ON {} TO engine_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO engine_worker",
)


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column) for column in columns)
