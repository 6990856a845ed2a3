"""Where the relay is in the log: one leader a shard, fenced by compare-and-set."""

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from infra.postgres.advisory_locks import LEADER_LOCK, try_lock


class LostLeadershipError(Exception):
    """Another relay moved the cursor."""


class RelayCursor(msgspec.Struct, frozen=True):
    """The last position published, and the last one of each context."""

    position: int
    published: dict[str, int]


def take_leadership(connection: Connection[TupleRow], shard: int) -> bool:
    """Try to become the shard's relay for as long as this session lives.

    The session does not wait for the disk: a cursor that a crash sets back is published again.
    """
    connection.execute("SET synchronous_commit = off")
    return try_lock(connection, LEADER_LOCK, shard)


def load_cursor(connection: Connection[TupleRow], shard: int) -> RelayCursor:
    """Return where the shard's relay is; a new shard starts at the beginning."""
    row = connection.execute(
        "INSERT INTO relay_cursor (shard, position) VALUES (%s, 0)"
        " ON CONFLICT (shard) DO UPDATE SET shard = excluded.shard RETURNING position, published",
        (shard,),
    ).fetchone()
    return RelayCursor(*row) if row else RelayCursor(0, {})


def move_cursor(
    connection: Connection[TupleRow], shard: int, before: RelayCursor, after: RelayCursor
) -> None:
    """Move on. Raises LostLeadershipError unless the cursor stands where it was read."""
    moved = connection.execute(
        "UPDATE relay_cursor SET position = %s, published = %s, updated_at = clock_timestamp()"
        " WHERE shard = %s AND position = %s",
        (after.position, Jsonb(after.published), shard, before.position),
    )
    if moved.rowcount != 1:
        raise LostLeadershipError(f"the relay's cursor is not {before.position} any more")
