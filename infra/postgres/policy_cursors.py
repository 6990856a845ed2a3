"""How far each policy has read the log."""

from infra.postgres.connections import Pool

_POSITION = """
INSERT INTO policy_cursors (policy) VALUES (%s)
ON CONFLICT (policy) DO UPDATE SET policy = excluded.policy RETURNING position
"""
_ADVANCE = """
UPDATE policy_cursors SET position = %s, updated_at = clock_timestamp()
 WHERE policy = %s AND position = %s
"""


class PolicyFencedError(Exception):
    """Another runner moved the cursor."""


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
