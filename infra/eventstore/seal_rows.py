"""Seals in Postgres: read by anybody who follows the log, appended by the sealer alone."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from infra.eventstore.seals import Seal, SealHead, SealIndex, head_after, unpack_index
from infra.postgres.advisory_locks import SEALER_LOCK, try_lock

SHARD = 0

_COLUMNS = """
SELECT workspace_id, number, first_position, last_position, event_count, leaf_count, root,
       index_digest, previous, sealed_at, key_id, signature
  FROM log_seals
"""
_NEXT = _COLUMNS + " WHERE workspace_id = %b AND number > %b ORDER BY number LIMIT %b"
_NEWEST = """
SELECT seal.* FROM unnest(%b::uuid[]) AS w (id) CROSS JOIN LATERAL (
""" + _COLUMNS + """
 WHERE workspace_id = w.id ORDER BY number DESC LIMIT 1) seal
"""  # fmt: skip
_INSERT = """
INSERT INTO log_seals (workspace_id, number, first_position, last_position, event_count, leaf_count,
                       root, index_digest, previous, sealed_at, key_id, signature, index)
VALUES (%b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b)
"""


class LostSealingError(Exception):
    """Another sealer moved the cursor."""


def lead_sealing(connection: Connection[TupleRow]) -> bool:
    """Try to become the sealer for as long as this session lives."""
    return try_lock(connection, SEALER_LOCK, SHARD)


def sealed_upto(connection: Connection[TupleRow]) -> int:
    """Return the position up to which every event should be sealed."""
    row = connection.execute(
        "SELECT position FROM sealer_cursor WHERE shard = %s", (SHARD,)
    ).fetchone()
    return int(row[0]) if row else 0


def move_sealed(connection: Connection[TupleRow], *, before: int, after: int) -> None:
    """Move on. Raises LostSealingError unless the cursor stands where it was read."""
    connection.execute(
        "INSERT INTO sealer_cursor (shard, position) VALUES (%s, 0) ON CONFLICT DO NOTHING",
        (SHARD,),
    )
    moved = connection.execute(
        "UPDATE sealer_cursor SET position = %s, updated_at = clock_timestamp()"
        " WHERE shard = %s AND position = %s",
        (after, SHARD, before),
    )
    if moved.rowcount != 1:
        raise LostSealingError(f"the sealer's cursor is not {before} any more")


def newest_seals(connection: Connection[TupleRow], workspaces: Sequence[UUID]) -> Iterator[Seal]:
    """Yield the last seal of each of these workspaces that has any."""
    cursor = connection.cursor(binary=True)
    cursor.execute(_NEWEST, (list(workspaces),), prepare=True)
    yield from map(_seal, cursor.fetchall())


def heads(connection: Connection[TupleRow], workspaces: Sequence[UUID]) -> dict[UUID, SealHead]:
    """Return where the chains of these workspaces end."""
    found = {seal.workspace_id: head_after(seal) for seal in newest_seals(connection, workspaces)}
    return {workspace: found.get(workspace, SealHead()) for workspace in workspaces}


def sealed_workspaces(connection: Connection[TupleRow]) -> list[UUID]:
    """Return the workspaces that have any seal."""
    rows = connection.execute("SELECT DISTINCT workspace_id FROM log_seals ORDER BY 1").fetchall()
    return [row[0] for row in rows]


def last_sealed_position(connection: Connection[TupleRow]) -> int:
    """Return the highest position that any seal covers."""
    row = connection.execute("SELECT max(last_position) FROM log_seals").fetchone()
    return int(row[0] or 0) if row else 0


def unsealed_for_long(
    connection: Connection[TupleRow], after: int, *, older_than_s: float, only: UUID | None = None
) -> tuple[int, UUID, float] | None:
    """Return position, workspace and age in seconds of the first event that waits too long.

    By the clock of the database, which also gave the events their time.
    """
    row = connection.execute(
        "SELECT position, workspace_id, extract(epoch FROM clock_timestamp() - recorded_at)"
        "  FROM events WHERE position > %(after)s AND position <= log_horizon()"
        "   AND (%(only)s::uuid IS NULL OR workspace_id = %(only)s)"
        " ORDER BY position LIMIT 1",
        {"after": after, "only": only},
    ).fetchone()
    return (row[0], row[1], float(row[2])) if row and row[2] > older_than_s else None


def highest_position(connection: Connection[TupleRow]) -> int:
    """Return the highest position of any row."""
    row = connection.execute("SELECT max(position) FROM events").fetchone()
    return int(row[0] or 0) if row else 0


def log_head(connection: Connection[TupleRow]) -> int:
    """Return the highest position that was drawn."""
    row = connection.execute("SELECT log_head()").fetchone()
    return int(row[0]) if row else 0


def workspaces_at(connection: Connection[TupleRow], position: int) -> list[UUID]:
    """Return whose rows stand at a position."""
    rows = connection.execute(
        "SELECT DISTINCT workspace_id FROM events WHERE position = %s", (position,)
    ).fetchall()
    return [row[0] for row in rows]


def seal_at(connection: Connection[TupleRow], workspace_id: UUID, number: int) -> Seal | None:
    """Return one seal."""
    found = seals_after(connection, workspace_id, number - 1, limit=1)
    return found[0] if found and found[0].number == number else None


def seals_after(
    connection: Connection[TupleRow], workspace_id: UUID, number: int, *, limit: int
) -> list[Seal]:
    """Return the next seals of a chain, in order."""
    cursor = connection.cursor(binary=True)
    cursor.execute(_NEXT, (workspace_id, number, limit), prepare=True)
    return list(map(_seal, cursor.fetchall()))


def read_index(connection: Connection[TupleRow], seal: Seal) -> SealIndex | None:
    """Return a seal's index; None when it is not the one that was signed."""
    row = connection.execute(
        "SELECT index FROM log_seals WHERE workspace_id = %s AND number = %s",
        (seal.workspace_id, seal.number),
    ).fetchone()
    index = unpack_index(bytes(row[0]), seal.leaf_count) if row else None
    return index if index is not None and index.digest() == seal.index_digest else None


def append_seals(connection: Connection[TupleRow], seals: Sequence[tuple[Seal, SealIndex]]) -> None:
    """Write seals in the open transaction."""
    connection.cursor(binary=True).executemany(
        _INSERT,
        [
            (
                seal.workspace_id, seal.number, seal.first_position, seal.last_position,
                seal.event_count, seal.leaf_count, seal.root, seal.index_digest, seal.previous,
                seal.sealed_at, seal.key_id, seal.signature, index.packed(),
            )
            for seal, index in seals
        ],
    )  # fmt: skip


def _seal(row: TupleRow) -> Seal:
    return Seal(
        workspace_id=row[0], number=row[1], first_position=row[2], last_position=row[3],
        event_count=row[4], leaf_count=row[5], root=row[6], index_digest=row[7], previous=row[8],
        sealed_at=row[9], key_id=row[10], signature=row[11],
    )  # fmt: skip
