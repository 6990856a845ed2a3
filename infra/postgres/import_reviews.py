"""Uploaded files under review: kept, checked, and handed to the importer or forgotten."""

from collections.abc import Collection
from typing import LiteralString
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from commands.contacts.import_ports import StagedImport
from commands.ports import DeclaredConsent, Effect
from domain.contacts.address_repairs import Repair
from domain.contacts.import_report import ImportReport
from infra.postgres.connections import Pool
from infra.postgres.import_progress import import_failed, storable
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

_THIS: LiteralString = " WHERE workspace_id = %(workspace_id)s AND import_id = %(import_id)s"
_STAGE: LiteralString = """
INSERT INTO imports (workspace_id, import_id, status, mapping, size_bytes, sha256, requested_by,
                     consent_source, consent_text)
VALUES (%(workspace_id)s, %(import_id)s, 'reviewing', %(mapping)s, %(size_bytes)s, %(sha256)s,
        %(requested_by)s, %(source)s, %(text)s)
ON CONFLICT DO NOTHING
"""
_FIND: LiteralString = "SELECT status, sha256, size_bytes, mapping FROM imports" + _THIS
_CHECK: LiteralString = (
    "UPDATE imports SET status = 'checking', mapping = %(mapping)s, repairs = %(repairs)s,"
    " report = NULL, checked_rows = 0, error_code = NULL, error = NULL,"
    " changed_at = clock_timestamp()" + _THIS + " AND status = 'reviewing' RETURNING 1"
)
_DROP: LiteralString = (
    "UPDATE imports SET status = 'failed', error_code = 'cancelled',"
    " error = 'Somebody decided against this import; nothing of it was written.',"
    " changed_at = clock_timestamp()"
    + _THIS
    + " AND status IN ('reviewing', 'checking') RETURNING 1"
)
_FORGET: LiteralString = "DELETE FROM import_parts" + _THIS
_BEGIN: LiteralString = (
    "WITH begun AS (UPDATE imports SET status = 'running', requested_by = %(requested_by)s,"
    " consent_source = coalesce(nullif(%(source)s, ''), consent_source),"
    " consent_text = coalesce(nullif(%(text)s, ''), consent_text), changed_at = clock_timestamp()"
    + _THIS
    + " AND status = 'reviewing' RETURNING 1) SELECT count(*) FROM begun"
)
_JOBS: LiteralString = """
SELECT workspace_id, import_id, mapping, repairs FROM imports
 WHERE status = 'checking' ORDER BY requested_at LIMIT 1000
"""
_PROGRESS: LiteralString = (
    "UPDATE imports SET checked_rows = %(rows)s, changed_at = clock_timestamp()"
    + _THIS
    + " AND status = 'checking' RETURNING 1"
)
_REPORT: LiteralString = (
    "UPDATE imports SET status = 'reviewing', report = %(report)s, checked_rows = %(rows)s,"
    " header = %(header)s, encoding = %(encoding)s, delimiter = %(delimiter)s,"
    " changed_at = clock_timestamp()" + _THIS + " AND status = 'checking'"
)
_UNREADABLE: LiteralString = (
    "UPDATE imports SET status = 'reviewing', error_code = %(code)s, error = %(error)s,"
    " changed_at = clock_timestamp()" + _THIS + " AND status = 'checking'"
)


class CheckJob(msgspec.Struct, frozen=True):
    """A file whose rows somebody wants judged."""

    workspace_id: UUID
    import_id: UUID
    mapping: dict[str, str]
    repairs: frozenset[Repair]


class PostgresImportReviews:
    """The port `commands.contacts.import_ports.ImportReviews`, and the checker's side of it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def stage(
        self,
        workspace_id: UUID,
        import_id: UUID,
        *,
        sha256: str,
        size_bytes: int,
        mapping: dict[str, str],
        consent: DeclaredConsent,
    ) -> None:
        """See the port."""
        values = {"mapping": Jsonb(mapping), "size_bytes": size_bytes, "sha256": sha256}
        said = msgspec.structs.asdict(consent)
        self._change(workspace_id, import_id, _STAGE, {**values, **said})

    def find(self, workspace_id: UUID, import_id: UUID) -> StagedImport | None:
        """See the port."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            asked = {"workspace_id": workspace_id, "import_id": import_id}
            row = cursor.execute(_FIND, asked).fetchone()
        return StagedImport(*row) if row else None

    def check(
        self,
        workspace_id: UUID,
        import_id: UUID,
        *,
        mapping: dict[str, str],
        repairs: Collection[Repair],
    ) -> bool:
        """See the port."""
        values = {"mapping": Jsonb(mapping), "repairs": sorted(map(str, repairs))}
        return self._change(workspace_id, import_id, _CHECK, values)

    def drop(self, workspace_id: UUID, import_id: UUID) -> bool:
        """See the port."""
        asked = {"workspace_id": workspace_id, "import_id": import_id}
        with tenant_scope(self._pool, workspace_id) as cursor:
            is_dropped = cursor.execute(_DROP, asked).fetchone() is not None
            if is_dropped:
                cursor.execute(_FORGET, asked)
        return is_dropped

    def begin(self, workspace_id: UUID, import_id: UUID, *, consent: DeclaredConsent) -> Effect:
        """See the port."""
        asked = {"workspace_id": workspace_id, "import_id": import_id}
        return SqlEffect(_BEGIN, {**asked, **msgspec.structs.asdict(consent)}, must_change=1)

    def cancel(self, workspace_id: UUID, import_id: UUID, *, code: str, reason: str) -> Effect:
        """See the port."""
        return import_failed(workspace_id, import_id, code=code, error=reason)

    def checking(self) -> list[CheckJob]:
        """Return the files to be checked, of all workspaces, the oldest first."""
        with self._pool.connection() as connection:
            rows = connection.execute(_JOBS).fetchall()
        return [
            CheckJob(workspace_id, import_id, mapping, frozenset(map(Repair, repairs)))
            for workspace_id, import_id, mapping, repairs in rows
        ]

    def checked(self, job: CheckJob, rows: int) -> bool:
        """Say how far it is; tells whether anybody still waits for it."""
        return self._change(job.workspace_id, job.import_id, _PROGRESS, {"rows": rows})

    def report(
        self,
        job: CheckJob,
        report: ImportReport,
        *,
        header: Collection[str],
        encoding: str,
        delimiter: str,
    ) -> None:
        """Keep the report of a whole file, and how the file was read."""
        values = {
            "report": Jsonb(msgspec.to_builtins(report)),
            "rows": report.rows,
            "header": Jsonb([storable(name) for name in header]),
            "encoding": encoding,
            "delimiter": delimiter,
        }
        self._change(job.workspace_id, job.import_id, _REPORT, values)

    def unreadable(self, job: CheckJob, *, code: str, error: str) -> None:
        """Keep why the file cannot be read so; with another mapping it may be."""
        values: dict[str, object] = {"code": code, "error": storable(error)}
        self._change(job.workspace_id, job.import_id, _UNREADABLE, values)

    def _change(
        self,
        workspace_id: UUID,
        import_id: UUID,
        statement: LiteralString,
        values: dict[str, object],
    ) -> bool:
        asked = {"workspace_id": workspace_id, "import_id": import_id}
        with tenant_scope(self._pool, workspace_id) as cursor:
            cursor.execute(statement, values | asked)
            return cursor.rowcount > 0
