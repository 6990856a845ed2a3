"""How far a projection is; advanced by compare-and-set in the transaction of its effects."""

from datetime import datetime

from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from projections.projection import Projection


class FencedError(Exception):
    """Somebody else moved the checkpoint: this worker no longer owns the projection."""


class VersionMismatchError(Exception):
    """The tables were built by another version of the projection; it must be rebuilt first."""


def position_of(connection: Connection[TupleRow], projection: Projection) -> int:
    """Return the active checkpoint. Raises VersionMismatchError for tables of another version."""
    row = connection.execute(
        "SELECT version, position FROM projections WHERE name = %s AND active", (projection.name,)
    ).fetchone()
    if row is None or row[0] != projection.version:
        raise VersionMismatchError(
            f"{projection.name} is at version {row[0] if row else 'none'}, the code at "
            f"{projection.version}: run `engine projections rebuild {projection.name}`"
        )
    return int(row[1])


def advance(cursor: Cursor[TupleRow], projection: Projection, *, before: int, after: int) -> None:
    """Move the checkpoint. Raises FencedError unless it stands at `before`."""
    cursor.execute(
        "UPDATE projections SET position = %s, updated_at = clock_timestamp()"
        " WHERE name = %s AND version = %s AND position = %s",
        (after, projection.name, projection.version, before),
    )
    if cursor.rowcount != 1:
        raise FencedError(f"the checkpoint of {projection.name} is not {before} any more")


def checkpoints(connection: Connection[TupleRow]) -> list[tuple[str, int, int, datetime]]:
    """Return (name, version, position, moved at) of every active projection."""
    return connection.execute(
        "SELECT name, version, position, updated_at FROM projections WHERE active ORDER BY name"
    ).fetchall()
