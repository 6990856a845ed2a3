"""The exports of data in the table of exports: what is to be written, and how far each is."""

from uuid import UUID

from domain.privacy.events import DataScope
from domain.shared.errors import ConcurrentChangeError
from infra.data_exports.job import DataJob
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

_RUNNING = """
SELECT workspace_id, export_id, kind, contact_id, requested_by, requested_at, requested_position,
       generation
  FROM exports WHERE state = 'running' AND kind <> 'log' ORDER BY requested_at LIMIT 1000
"""
_MOVE = """
UPDATE exports SET position = %s, upto = %s, events = %s, error = NULL
 WHERE workspace_id = %s AND export_id = %s AND state = 'running' AND generation = %s
RETURNING 1
"""
_COMPLETE = """
WITH done AS (
    UPDATE exports SET state = 'completed', position = %(records)s, upto = %(records)s,
           events = %(records)s, size_bytes = %(size_bytes)s, sha256 = %(sha256)s, error = NULL,
           completed_at = clock_timestamp(),
           expires_at = clock_timestamp() + make_interval(days => %(days)s)
     WHERE workspace_id = %(workspace_id)s AND export_id = %(export_id)s
       AND state = 'running' AND generation = %(generation)s
    RETURNING 1
)
SELECT count(*) FROM done
"""


class DataExportJobs:
    """What the exporter asks and says of them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def running(self) -> list[DataJob]:
        """Return those with work left, of all workspaces, the oldest first."""
        with self._pool.connection() as connection:
            rows = connection.execute(_RUNNING).fetchall()
        return [
            DataJob(
                workspace_id=row[0],
                export_id=row[1],
                scope=DataScope(row[2]),
                contact_id=row[3],
                requested_by=row[4],
                requested_at=row[5],
                requested_position=row[6],
                generation=row[7],
            )
            for row in rows
        ]

    def moved(self, job: DataJob, *, records: int, total: int | None) -> None:
        """Say how far one is.

        Raises ConcurrentChangeError when it was deleted, or has to begin again.
        """
        with tenant_scope(self._pool, job.workspace_id) as cursor:
            place = (records, total, records, job.workspace_id, job.export_id, job.generation)
            if cursor.execute(_MOVE, place).fetchone() is None:
                raise ConcurrentChangeError("the export was deleted, or has to begin again")

    def completed(
        self, job: DataJob, *, records: int, size_bytes: int, sha256: str, days: int
    ) -> SqlEffect:
        """Return the effect that closes it; undone when an erasure made it begin again."""
        return SqlEffect(
            _COMPLETE,
            {
                "workspace_id": job.workspace_id,
                "export_id": job.export_id,
                "generation": job.generation,
                "records": records,
                "size_bytes": size_bytes,
                "sha256": sha256,
                "days": days,
            },
            must_change=1,
        )

    def waits(self, workspace_id: UUID, export_id: UUID, *, error: str) -> None:
        """Say why one does not go on for now."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            cursor.execute(
                "UPDATE exports SET error = %s WHERE workspace_id = %s AND export_id = %s",
                (error, workspace_id, export_id),
            )
