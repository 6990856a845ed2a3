"""Events that a follower of the log (projection or policy) could not take; their kin wait too."""

from uuid import UUID

import msgspec
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

WAITS = "waits behind an earlier event of the same key"

_PARK = """
INSERT INTO parked_events (workspace_id, follower, position, key, tag, reason)
VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_KIN = """
SELECT FROM parked_events WHERE workspace_id = %s AND follower = %s AND key = %s AND position < %s
 LIMIT 1
"""

Runs = Connection[TupleRow] | Cursor[TupleRow]


class ParkedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event and why it waits; `reason` holds no personal data (see `reason_of`)."""

    follower: str
    workspace_id: UUID
    position: int
    key: UUID
    tag: str
    reason: str


def park(on: Runs, event: ParkedEvent) -> None:
    """Remember an event for later; the second time nothing happens."""
    on.execute(
        _PARK,
        (event.workspace_id, event.follower, event.position, event.key, event.tag, event.reason),
    )


def has_kin_before(
    on: Runs, follower: str, *, workspace_id: UUID, key: UUID, position: int
) -> bool:
    """Tell whether an earlier event of this key is parked."""
    return on.execute(_KIN, (workspace_id, follower, key, position)).fetchone() is not None


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
