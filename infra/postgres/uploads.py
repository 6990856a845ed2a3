"""Files that came by HTTP, on their way to the importer."""

from typing import BinaryIO
from uuid import UUID

from infra.postgres.connections import Pool
from infra.postgres.import_intake import PostgresImportIntake, chunks_of
from infra.postgres.tenant_scope import tenant_scope

IS_THERE = """
SELECT EXISTS (SELECT 1 FROM imports WHERE workspace_id = %(w)s AND import_id = %(i)s)
    OR EXISTS (SELECT 1 FROM import_parts WHERE workspace_id = %(w)s AND import_id = %(i)s)
"""


class Uploads:
    """The port `commands.http.ports.Uploads`."""

    def __init__(self, pool: Pool, intake: PostgresImportIntake) -> None:
        self._pool = pool
        self._intake = intake

    def keep(self, workspace_id: UUID, import_id: UUID, file: BinaryIO) -> None:
        """See the port. A file is stored in one transaction, so a part there is the whole there."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(IS_THERE, {"w": workspace_id, "i": import_id}).fetchone()
        if row is None or not row[0]:
            file.seek(0)
            self._intake.store(workspace_id, import_id, chunks_of(file))
