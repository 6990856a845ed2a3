"""Events that a follower of the log (projection or policy) could not take; their kin wait too."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

WAITS = "waits behind an earlier event of the same key"

_PARK = """
INSERT INTO parked_events (workspace_id, follower, position, key, tag, reason)
VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_KEYS = """
SELECT DISTINCT p.workspace_id, p.key
  FROM unnest(%s::uuid[], %s::uuid[]) asked (workspace_id, key)
  JOIN parked_events p ON p.workspace_id = asked.workspace_id AND p.key = asked.key
 WHERE p.follower = %s
"""
# The lock meets that of `unpark`: an event is put behind one that is still there, or is free.
_WAIT = """
WITH kin AS (
    SELECT FROM parked_events
     WHERE workspace_id = %(workspace_id)s AND follower = %(follower)s AND key = %(key)s
       AND position < %(position)s
     ORDER BY position DESC LIMIT 1 FOR SHARE
), waiting AS (
    INSERT INTO parked_events (workspace_id, follower, position, key, tag, reason)
    SELECT %(workspace_id)s, %(follower)s, %(position)s, %(key)s, %(tag)s, %(reason)s FROM kin
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM kin
"""
_LIST = """
SELECT DISTINCT ON (follower, workspace_id, key)
       follower, workspace_id, position, tag, key, reason, parked_at,
       count(*) OVER (PARTITION BY follower, workspace_id, key) - 1
  FROM parked_events WHERE %(follower)s::text IS NULL OR follower = %(follower)s
 ORDER BY follower, workspace_id, key, position
"""
_GROUP = """
SELECT position FROM parked_events
 WHERE workspace_id = %s AND follower = %s AND key = %s ORDER BY position
"""

Runs = Connection[TupleRow] | Cursor[TupleRow]
Key = tuple[UUID, UUID]  # workspace, what the event is about


class ParkedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event and why it waits; `reason` holds no personal data (see `reason_of`)."""

    follower: str
    workspace_id: UUID
    position: int
    key: UUID
    tag: str
    reason: str


class ParkedHead(msgspec.Struct, frozen=True):
    """The first parked event of a key, since when, and how many wait behind it."""

    follower: str
    workspace_id: UUID
    position: int
    tag: str
    key: UUID
    reason: str
    since: datetime
    behind: int


class Retried(msgspec.Struct, frozen=True):
    """What came of a key's parked events; `reason` says why the first of the `left` failed."""

    applied: int
    left: int
    reason: str


def park(on: Runs, events: Sequence[ParkedEvent]) -> None:
    """Remember events for later; the second time nothing happens."""
    cursor = on.cursor() if isinstance(on, Connection) else on
    cursor.executemany(
        _PARK, [(e.workspace_id, e.follower, e.position, e.key, e.tag, e.reason) for e in events]
    )


def parked_keys(on: Runs, follower: str, keys: Collection[Key]) -> set[Key]:
    """Return those of the keys behind which events of the follower have to wait."""
    workspaces, abouts = [key[0] for key in keys], [key[1] for key in keys]
    return set(on.execute(_KEYS, (workspaces, abouts, follower)).fetchall())


def wait_behind_kin(on: Runs, event: ParkedEvent) -> bool:
    """Park the event when an earlier one of its key is parked; tell whether that is so."""
    row = on.execute(_WAIT, msgspec.to_builtins(event, builtin_types=(UUID,))).fetchone()
    return bool(row and row[0])


def parked_heads(on: Runs, follower: str | None = None) -> list[ParkedHead]:
    """Return the first parked event of every key, of one follower or of all."""
    return [ParkedHead(*row) for row in on.execute(_LIST, {"follower": follower}).fetchall()]


def parked_positions(on: Runs, head: ParkedHead) -> list[int]:
    """Return what is parked now of the head's key, in the order of the log."""
    rows = on.execute(_GROUP, (head.workspace_id, head.follower, head.key)).fetchall()
    return [row[0] for row in rows]


def unpark(on: Runs, head: ParkedHead, positions: Sequence[int]) -> None:
    """Take events of a key off the list: they have been applied."""
    on.execute(
        "DELETE FROM parked_events"
        " WHERE workspace_id = %s AND follower = %s AND position = ANY(%s)",
        (head.workspace_id, head.follower, list(positions)),
    )


def park_again(on: Runs, head: ParkedHead, position: int, reason: str) -> None:
    """Say why the event failed this time."""
    on.execute(
        "UPDATE parked_events SET reason = %s"
        " WHERE workspace_id = %s AND follower = %s AND position = %s",
        (reason, head.workspace_id, head.follower, position),
    )


def count_parked(on: Runs, follower: str) -> int:
    """Return how many events of a follower are parked, of all workspaces."""
    row = on.execute(
        "SELECT count(*) FROM parked_events WHERE follower = %s", (follower,)
    ).fetchone()
    return row[0] if row else 0


def has_parked(on: Runs, follower: str) -> bool:
    """Tell whether any event of a follower is parked."""
    row = on.execute(
        "SELECT FROM parked_events WHERE follower = %s LIMIT 1", (follower,)
    ).fetchone()
    return row is not None


def forget_parked(on: Runs, follower: str) -> None:
    """Clear a follower's list: its new tables have applied every event."""
    on.execute("DELETE FROM parked_events WHERE follower = %s", (follower,))
