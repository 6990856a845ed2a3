"""Events that a follower is knowingly without."""

from uuid import UUID

from infra.postgres.parked_events import Runs
from infra.postgres.sql_effect import SqlEffect

# Only what waits, or what stopped a rebuild: an event that was applied cannot be left out later.
_SKIP = """
WITH dropped AS (
    DELETE FROM parked_events
     WHERE workspace_id = %(workspace_id)s AND follower = %(follower)s AND position = %(position)s
    RETURNING 1
), noted AS (
    INSERT INTO skipped_events (workspace_id, follower, position)
    SELECT %(workspace_id)s, %(follower)s, %(position)s
     WHERE EXISTS (SELECT FROM dropped)
        OR EXISTS (SELECT FROM projection_rebuilds
                    WHERE name = %(follower)s AND failed_at = %(position)s)
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM noted
"""


class PostgresParkedEvents:
    """The port `commands.ports.ParkedEvents`."""

    def skip(self, workspace_id: UUID, follower: str, *, position: int) -> SqlEffect:
        """See the port."""
        return SqlEffect(
            _SKIP,
            {"workspace_id": workspace_id, "follower": follower, "position": position},
            must_change=1,
        )


def skipped_positions(on: Runs, follower: str) -> frozenset[int]:
    """Return the positions that the follower is without."""
    rows = on.execute("SELECT position FROM skipped_events WHERE follower = %s", (follower,))
    return frozenset(row[0] for row in rows.fetchall())
