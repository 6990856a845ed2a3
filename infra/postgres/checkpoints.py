"""How far the read models are, as readers ask it."""

from collections.abc import Sequence

from infra.postgres.connections import Pool


class Checkpoints:
    """Positions of the projections that serve."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def lowest(self, names: Sequence[str]) -> int:
        """Return the lowest position among these projections; 0 when one is not there."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT name, position FROM projections WHERE active AND name = ANY(%s)",
                (list(names),),
            ).fetchall()
        found = {name: int(position) for name, position in rows}
        return min((found.get(name, 0) for name in names), default=0)
