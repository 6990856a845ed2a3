"""Are the databases there, and are shape and erasures those that this code and the outside know?"""

from pathlib import Path
from time import sleep

import psycopg
from psycopg_pool import PoolTimeout

from infra.crypto.settle import unsettled
from infra.crypto.vault import OutsideVault
from infra.postgres.connections import Pool
from infra.settings import SettingsError

MIGRATIONS = Path(__file__).parent / "migrations"
PATIENCE_S = 2.0
ERASING_S = 0.5  # between the line in the ledger and the fence of an erasure that runs now


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


class VaultHealth:
    """Asks whether the vault knows every erasure: a copy from before must not be served."""

    def __init__(self, pool: Pool, outside: OutsideVault) -> None:
        self._pool = pool
        self._outside = outside

    def checks(self) -> dict[str, str]:
        """Return `vault`, ok or down."""
        try:
            with self._pool.connection(timeout=PATIENCE_S) as connection:
                if unsettled(connection, self._outside):
                    sleep(ERASING_S)
                settled = unsettled(connection, self._outside) == 0
        except (psycopg.Error, PoolTimeout, SettingsError):
            settled = False
        return {"vault": "ok" if settled else "down"}
