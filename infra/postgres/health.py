"""Is the database there, and is its shape the one that this code needs?"""

from pathlib import Path

import psycopg
from psycopg_pool import PoolTimeout

from infra.postgres.connections import Pool

MIGRATIONS = Path(__file__).parent / "migrations"
PATIENCE_S = 2.0


class PostgresHealth:
    """Asks with little patience: a probe that hangs is no better than one that fails."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def checks(self) -> dict[str, str]:
        """Return `postgres` and `migrations`, each ok or down."""
        try:
            with self._pool.connection(timeout=PATIENCE_S) as connection:
                rows = connection.execute("SELECT name FROM schema_migrations").fetchall()
        except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
            return {"postgres": "ok", "migrations": "down"}
        except (psycopg.Error, PoolTimeout):
            return {"postgres": "down", "migrations": "down"}
        needed = {file.name for file in MIGRATIONS.glob("[0-9]*.sql")}
        complete = needed <= {name for (name,) in rows}
        return {"postgres": "ok", "migrations": "ok" if complete else "down"}
