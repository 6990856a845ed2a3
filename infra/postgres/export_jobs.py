"""The table of exports: written with their events, moved on by the exporter."""

from collections.abc import Iterable
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from domain.privacy.events import DataScope
from domain.privacy.export_filter import ExportFilter
from domain.shared.errors import ConcurrentChangeError
from infra.exports.job import ExportJob, Progress
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

BUSY = ("running", "completed")

_BEGIN = """
INSERT INTO exports (workspace_id, export_id, filter, open_personal, requested_by)
VALUES (%(workspace_id)s, %(export_id)s, %(filter)s, %(open_personal)s, %(requested_by)s)
"""
_BEGIN_DATA = """
INSERT INTO exports (workspace_id, export_id, filter, open_personal, requested_by, kind,
                     contact_id, requested_position)
VALUES (%(workspace_id)s, %(export_id)s, '{}', true, %(requested_by)s, %(kind)s, %(contact_id)s,
        currval('log_position'))
"""
_COMPLETE = """
WITH done AS (
    UPDATE exports SET state = 'completed', upto = %(upto)s, position = %(upto)s,
           events = %(events)s, size_bytes = %(size_bytes)s, sha256 = %(sha256)s, error = NULL,
           completed_at = clock_timestamp(),
           expires_at = clock_timestamp() + make_interval(hours => %(hours)s)
     WHERE workspace_id = %(workspace_id)s AND export_id = %(export_id)s
       AND state = 'running' AND generation = %(generation)s
    RETURNING 1
)
SELECT count(*) FROM done
"""
_CLOSE = """
WITH forgotten AS (
    DELETE FROM export_subjects
     WHERE workspace_id = %(workspace_id)s AND export_id = %(export_id)s
)
UPDATE exports SET state = %(state)s
 WHERE workspace_id = %(workspace_id)s AND export_id = %(export_id)s
"""
_FAIL = """
UPDATE exports SET state = 'failed', error = %(error)s
 WHERE workspace_id = %(workspace_id)s AND export_id = %(export_id)s
"""
_MOVE = """
UPDATE exports SET upto = %s, position = %s, events = %s, error = NULL
 WHERE workspace_id = %s AND export_id = %s AND state = 'running' AND generation = %s
RETURNING 1
"""
_JOB = """
SELECT workspace_id, export_id, filter, open_personal, requested_by, requested_at, generation
  FROM exports
"""


class PostgresExports:
    """The port `commands.ports.Exports`, and what the exporter asks and says."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def begin(
        self,
        workspace_id: UUID,
        export_id: UUID,
        *,
        wanted: ExportFilter,
        open_personal: bool,
        requested_by: str,
    ) -> SqlEffect:
        """See the port."""
        return SqlEffect(
            _BEGIN,
            {
                "workspace_id": workspace_id,
                "export_id": export_id,
                "filter": Jsonb(msgspec.to_builtins(wanted)),
                "open_personal": open_personal,
                "requested_by": requested_by,
            },
        )

    def begin_data(
        self,
        workspace_id: UUID,
        export_id: UUID,
        *,
        scope: DataScope,
        contact_id: UUID | None,
        requested_by: str,
    ) -> SqlEffect:
        """See the port."""
        return SqlEffect(
            _BEGIN_DATA,
            {
                "workspace_id": workspace_id,
                "export_id": export_id,
                "kind": str(scope),
                "contact_id": contact_id,
                "requested_by": requested_by,
            },
        )

    def delete(self, workspace_id: UUID, export_id: UUID) -> SqlEffect:
        """See the port."""
        return self.close(workspace_id, export_id, state="deleted")

    def close(self, workspace_id: UUID, export_id: UUID, *, state: str) -> SqlEffect:
        """Return the effect that ends an export; its files may go afterwards."""
        ids = {"workspace_id": workspace_id, "export_id": export_id}
        return SqlEffect(_CLOSE, {**ids, "state": state})

    def failed(self, job: ExportJob, *, error: str) -> SqlEffect:
        """Return the effect that closes an export with a reason."""
        ids = {"workspace_id": job.workspace_id, "export_id": job.export_id}
        return SqlEffect(_FAIL, {**ids, "error": error})

    def completed(
        self,
        job: ExportJob,
        *,
        upto: int,
        events: int,
        size_bytes: int,
        sha256: str,
        keep_hours: int,
    ) -> SqlEffect:
        """Return the effect that closes it; undone when an erasure made it begin again."""
        return SqlEffect(
            _COMPLETE,
            {
                "workspace_id": job.workspace_id,
                "export_id": job.export_id,
                "generation": job.generation,
                "upto": upto,
                "events": events,
                "size_bytes": size_bytes,
                "sha256": sha256,
                "hours": keep_hours,
            },
            must_change=1,
        )

    def running(self) -> list[ExportJob]:
        """Return exports of the log with work left, of all workspaces, the oldest first."""
        return self._jobs(
            _JOB + " WHERE state = 'running' AND kind = 'log' ORDER BY requested_at LIMIT 1000"
        )

    def expired(self) -> list[ExportJob]:
        """Return completed exports whose time is over."""
        return self._jobs(_JOB + " WHERE state = 'completed' AND expires_at < clock_timestamp()")

    def busy(self) -> list[tuple[UUID, UUID]]:
        """Return the exports whose files are needed, as (workspace, export)."""
        with self._pool.connection() as connection:
            return connection.execute(
                "SELECT workspace_id, export_id FROM exports WHERE state = ANY(%s)", (list(BUSY),)
            ).fetchall()

    def moved(self, progress: Progress) -> None:
        """Say how far an export is.

        Raises ConcurrentChangeError when it was deleted, or has to begin again.
        """
        job = progress.job
        with tenant_scope(self._pool, job.workspace_id) as cursor:
            cursor.execute(
                _MOVE,
                (
                    progress.upto,
                    min(progress.position, progress.upto),
                    progress.events,
                    job.workspace_id,
                    job.export_id,
                    job.generation,
                ),
            )
            if cursor.fetchone() is None:
                raise ConcurrentChangeError("the export was deleted, or has to begin again")

    def waits(self, job: ExportJob, *, error: str) -> None:
        """Say why an export does not go on for now."""
        with tenant_scope(self._pool, job.workspace_id) as cursor:
            cursor.execute(
                "UPDATE exports SET error = %s WHERE workspace_id = %s AND export_id = %s",
                (error, job.workspace_id, job.export_id),
            )

    def holds(self, progress: Progress, subjects: Iterable[UUID]) -> None:
        """Remember whose personal fields the next lines open, before they are on disk."""
        job = progress.job
        packed = b"".join(sorted(subject.bytes for subject in subjects))
        with tenant_scope(self._pool, job.workspace_id) as cursor:
            cursor.execute(
                "INSERT INTO export_subjects (workspace_id, export_id, position, subjects)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT (workspace_id, export_id, position)"
                " DO UPDATE SET subjects = excluded.subjects",
                (job.workspace_id, job.export_id, progress.position, packed),
            )

    def holding(self, workspace_id: UUID, subject: UUID) -> list[UUID]:
        """Return completed exports in which this person's fields are opened."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            rows = cursor.execute(
                "SELECT DISTINCT export_id FROM export_subjects JOIN exports"
                " USING (workspace_id, export_id)"
                " WHERE workspace_id = %s AND state = 'completed' AND position(%s IN subjects) > 0",
                (workspace_id, subject.bytes),
            ).fetchall()
        return [row[0] for row in rows]

    def begin_again(self, workspace_id: UUID) -> None:
        """Let every opened export of a workspace that is being written begin again."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            cursor.execute(
                "WITH again AS (UPDATE exports SET generation = generation + 1, position = 0,"
                " events = 0 WHERE workspace_id = %s AND state = 'running' AND open_personal"
                " RETURNING workspace_id, export_id)"
                " DELETE FROM export_subjects s USING again a"
                " WHERE s.workspace_id = a.workspace_id AND s.export_id = a.export_id",
                (workspace_id,),
            )

    def completed_size(self, workspace_id: UUID, export_id: UUID) -> int | None:
        """Return the bytes of an export that can be downloaded now; None when it cannot."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(
                "SELECT size_bytes FROM exports WHERE workspace_id = %s AND export_id = %s"
                " AND state = 'completed' AND expires_at > clock_timestamp()",
                (workspace_id, export_id),
            ).fetchone()
        return int(row[0]) if row else None

    def _jobs(self, query: str) -> list[ExportJob]:
        with self._pool.connection() as connection:
            rows = connection.execute(query.encode()).fetchall()
        return [
            ExportJob(
                workspace_id=row[0],
                export_id=row[1],
                filter=msgspec.convert(row[2], ExportFilter),
                open_personal=row[3],
                requested_by=row[4],
                requested_at=row[5],
                generation=row[6],
            )
            for row in rows
        ]
