"""A read model as it was at a position: folded anew, in a schema of its own, for one workspace.

The schema is named `as_of__v<N>__<model>__<random>`, so it never meets a rebuild or verification,
and like theirs it stays out of backups. Its maker holds a session lock by that name: whose lock is
free is dead, and the next replay clears up.
"""

import secrets
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import msgspec
import polars as pl
import psycopg
from psycopg import Connection, Cursor, ServerCursor, sql
from psycopg.rows import TupleRow

from infra.bootstrap import Adapters
from infra.eventstore.reader import read_page
from infra.postgres.advisory_locks import AS_OF_LOCK, try_lock, unlock
from infra.postgres.connections import Role
from infra.postgres.skipped_events import skipped_positions
from infra.postgres.tenant_scope import tenant_transaction
from infra.projecting.fold import BATCH, Folder
from infra.projecting.tables import create_tables, finish_tables, grant_worker
from projections.projection import Projection

PREFIX = "as_of__v"
FETCH = 5_000
QUERY_LIMIT_S = 60


class QueryRefusedError(Exception):
    """The query is wrong, or does more than read the model of this workspace."""


class ReadModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model as it was; `tables` may be queried by their plain names."""

    name: str
    schema: str
    tables: tuple[str, ...]
    workspace_id: UUID
    position: int
    events: int
    reader: Connection[TupleRow]  # the app's role: row-level security holds

    def query(self, query: str = "") -> Generator[pl.DataFrame]:
        """Yield the rows of one SELECT (default: of the first table) in frames, the first always.

        Read only, bounded in time, one statement. Raises QueryRefusedError.
        """
        asked = query or f"TABLE {self.tables[0]}"
        try:
            with (
                tenant_transaction(self.reader, self.workspace_id) as cursor,
                self.reader.cursor(name="asked") as found,  # takes one SELECT and nothing else
            ):
                self._confine(cursor)
                found.execute(asked.encode())
                schema = _schema(found)
                yield pl.DataFrame(schema=schema)
                while rows := found.fetchmany(FETCH):
                    self._check_confined(cursor)
                    yield _frame(rows, schema)
        except psycopg.Error as error:
            said = error.diag.message_primary or type(error).__name__
            raise QueryRefusedError(
                f"{said}. The tables of {self.name} are: {', '.join(self.tables)}"
            ) from error

    def _confine(self, cursor: Cursor[TupleRow]) -> None:
        cursor.execute("SET LOCAL transaction_read_only = on")
        cursor.execute(f"SET LOCAL statement_timeout = '{QUERY_LIMIT_S}s'".encode())
        cursor.execute(
            sql.SQL("SET LOCAL search_path = {}, pg_catalog").format(sql.Identifier(self.schema))
        )

    def _check_confined(self, cursor: Cursor[TupleRow]) -> None:
        row = cursor.execute("SELECT current_setting('app.workspace', true)").fetchone()
        if row != (str(self.workspace_id),):
            raise QueryRefusedError("the query changed the workspace it is asked in")


@contextmanager
def read_model_as_of(
    adapters: Adapters,
    projection: Projection,
    *,
    workspace_id: UUID,
    position: int,
    seen: Callable[[int], None] = lambda _: None,
) -> Iterator[ReadModel]:
    """Fold the workspace's events up to a position into scratch tables; they are dropped after.

    Raises UnfoldableError at the first event that cannot be applied.
    """
    with (
        adapters.connection(Role.MIGRATOR, bounded=False) as owner,
        adapters.connection(Role.WORKER, bounded=False) as worker,
        adapters.connection(Role.APP) as reader,
    ):
        schema = _make_schema(owner, projection)
        try:
            folder = Folder(projection, adapters.mapper, worker, schema)
            folder.skipped = skipped_positions(worker, projection.name)
            events = _fold(folder, worker, workspace_id=workspace_id, upto=position, seen=seen)
            finish_tables(owner, projection, schema)
            owner.execute(
                sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(
                    sql.Identifier(schema), sql.Identifier(Role.APP)
                )
            )
            yield ReadModel(
                name=projection.name,
                schema=schema,
                tables=tuple(table.name for table in projection.tables),
                workspace_id=workspace_id,
                position=position,
                events=events,
                reader=reader,
            )
        finally:
            _drop(owner, schema)


def drop_abandoned(owner: Connection[TupleRow]) -> list[str]:
    """Drop the schemas of replays whose process is gone; return their names."""
    names = owner.execute(
        "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s) ORDER BY 1", (PREFIX,)
    ).fetchall()
    return [name for (name,) in names if try_lock(owner, AS_OF_LOCK, name) and _drop(owner, name)]


def _make_schema(owner: Connection[TupleRow], projection: Projection) -> str:
    drop_abandoned(owner)
    schema = f"{PREFIX}{projection.version}__{projection.name}__{secrets.token_hex(4)}"
    try_lock(owner, AS_OF_LOCK, schema)
    with owner.transaction():
        owner.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        create_tables(owner, projection, schema)
        grant_worker(owner, projection, schema)
    return schema


def _fold(
    folder: Folder,
    worker: Connection[TupleRow],
    *,
    workspace_id: UUID,
    upto: int,
    seen: Callable[[int], None],
) -> int:
    after = events = 0
    while page := read_page(worker, after, upto=upto, limit=BATCH):
        mine = [row for row in page if row.workspace_id == workspace_id]
        rows = folder.wanted(mine, after=after)
        if rows:
            folder.apply_only(rows, folder.decoded(rows))
        events += len(rows)
        after = page[-1].position
        seen(after)
    return events


def _drop(owner: Connection[TupleRow], schema: str) -> bool:
    owner.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
    unlock(owner, AS_OF_LOCK, schema)
    return True


_DTYPES: dict[int, pl.DataType] = {
    psycopg.adapters.types[name].oid: dtype
    for name, dtype in (
        ("bool", pl.Boolean()),
        ("int2", pl.Int64()),
        ("int4", pl.Int64()),
        ("int8", pl.Int64()),
        ("float4", pl.Float64()),
        ("float8", pl.Float64()),
        ("numeric", pl.Float64()),
        ("date", pl.Date()),
        ("timestamptz", pl.Datetime("us", "UTC")),
    )
}


def _schema(found: ServerCursor[TupleRow]) -> dict[str, pl.DataType]:
    columns = found.description or []
    schema = {column.name: _DTYPES.get(column.type_code, pl.String()) for column in columns}
    if len(schema) < len(columns):
        raise QueryRefusedError("two columns have the same name: tell them apart with AS")
    return schema


def _frame(rows: Sequence[TupleRow], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    columns = {
        name: [_cell(value, dtype) for value in values]
        for (name, dtype), values in zip(schema.items(), zip(*rows, strict=True), strict=True)
    }
    return pl.DataFrame(columns, schema=schema)


def _cell(value: Any, dtype: pl.DataType) -> Any:  # noqa: ANN401 - whatever a column holds
    """Take numbers and times as they are; anything else becomes text, maps and lists JSON."""
    if value is None or isinstance(value, str):
        return value
    if dtype == pl.Float64():
        return float(value)
    if dtype == pl.String():
        plain = isinstance(value, dict | list | bytes)
        return msgspec.json.encode(value).decode() if plain else str(value)
    return value
