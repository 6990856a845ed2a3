"""How far each policy has read the log, and the events it could not react to."""

from uuid import UUID

import msgspec

from infra.postgres.connections import Pool

_POSITION = """
INSERT INTO policy_cursors (policy) VALUES (%s)
ON CONFLICT (policy) DO UPDATE SET policy = excluded.policy RETURNING position
"""
_ADVANCE = """
UPDATE policy_cursors SET position = %s, updated_at = clock_timestamp()
 WHERE policy = %s AND position = %s
"""
_PARK = """
INSERT INTO parked_events (workspace_id, follower, position, key, tag, reason)
VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_KIN = """
SELECT FROM parked_events WHERE workspace_id = %s AND follower = %s AND key = %s AND position < %s
 LIMIT 1
"""


class PolicyFencedError(Exception):
    """Another runner moved the cursor."""


class Parked(msgspec.Struct, frozen=True, kw_only=True):
    """An event a policy could not react to; later ones of the same key wait behind it."""

    workspace_id: UUID
    position: int
    key: UUID
    tag: str
    reason: str


class PolicyCursor:
    """The cursor of one policy."""

    def __init__(self, pool: Pool, policy: str) -> None:
        self._pool = pool
        self._policy = policy

    def position(self) -> int:
        """Return the position up to which every event had its reaction."""
        with self._pool.connection() as connection:
            row = connection.execute(_POSITION, (self._policy,)).fetchone()
        return int(row[0]) if row else 0

    def advance(self, *, before: int, after: int) -> None:
        """Move on. Raises PolicyFencedError unless the cursor stands at `before`."""
        with self._pool.connection() as connection:
            if connection.execute(_ADVANCE, (after, self._policy, before)).rowcount != 1:
                raise PolicyFencedError(f"the cursor of {self._policy} is not {before} any more")

    def park(self, event: Parked) -> None:
        """Remember an event for later."""
        values = (event.workspace_id, self._policy, event.position, event.key, event.tag)
        with self._pool.connection() as connection:
            connection.execute(_PARK, (*values, event.reason[:1000]))

    def has_parked_before(self, workspace_id: UUID, key: UUID, *, position: int) -> bool:
        """Whether an earlier event of this key is parked."""
        with self._pool.connection() as connection:
            row = connection.execute(_KIN, (workspace_id, self._policy, key, position)).fetchone()
        return row is not None
