"""How far the read models are, as readers ask it."""

from collections.abc import Sequence
from uuid import UUID

from infra.postgres.connections import Pool

_LOWEST = """
SELECT name, min(position) FROM projections
 WHERE active AND name = ANY(%s)
   AND (%s::uuid IS NULL OR partition = workspace_partition(%s, partitions))
 GROUP BY name
"""


class Checkpoints:
    """Positions of the projections that serve."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def versions(self) -> dict[str, int]:
        """Return the version that serves, by projection."""
        with self._pool.connection() as connection:
            return dict(
                connection.execute(
                    "SELECT name, max(version) FROM projections WHERE active GROUP BY name"
                ).fetchall()
            )

    def lowest(self, names: Sequence[str], workspace_id: UUID | None = None) -> int:
        """Return the lowest position among these projections; 0 when one is not there.

        With a workspace only its own partition counts.
        """
        with self._pool.connection() as connection:
            rows = connection.execute(_LOWEST, (list(names), workspace_id, workspace_id)).fetchall()
        found = {name: int(position) for name, position in rows}
        return min((found.get(name, 0) for name in names), default=0)
