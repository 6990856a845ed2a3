"""Fill tables that nobody reads yet the fastest way, COPY, which row-level security refuses."""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Cursor
from psycopg.rows import TupleRow


def is_guarded(cursor: Cursor[TupleRow], table: str) -> bool:
    """Tell whether row-level security holds for us here: then COPY FROM is not allowed."""
    row = cursor.execute("SELECT row_security_active(%s::text)", (table,)).fetchone()
    return bool(row and row[0])


def copy_rows(
    cursor: Cursor[TupleRow], statement: str, rows: Iterable[Sequence[Any]], *, types: Sequence[str]
) -> None:
    """Send rows by binary COPY; `types` are the columns' types in PostgreSQL's names."""
    with cursor.copy(statement.encode()) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
