"""What is there of a person: counted before an erasure, and looked at again after it."""

from uuid import UUID

from infra.crypto.vault import KeyVault
from infra.postgres.connections import Pool
from infra.postgres.export_jobs import PostgresExports
from infra.postgres.tenant_scope import tenant_scope
from schemas.http.privacy import ErasurePreview

_COUNTS = """
SELECT c.status,
       EXISTS (SELECT FROM erasures e
                WHERE e.workspace_id = c.workspace_id AND e.contact_id = c.contact_id),
       (SELECT row(count(*), coalesce(sum(m.opens), 0), coalesce(sum(m.clicks), 0)) FROM messages m
         WHERE m.workspace_id = c.workspace_id AND m.contact_id = c.contact_id),
       (SELECT count(*) FROM email_tasks t
         WHERE t.workspace_id = c.workspace_id AND t.contact_id = c.contact_id),
       (SELECT count(*) FROM dead_letters d
         WHERE d.workspace_id = c.workspace_id AND d.contact_id = c.contact_id),
       (SELECT count(DISTINCT (m.import_id, m.row)) FROM import_rejection_addresses m
          JOIN contact_addresses a ON a.workspace_id = m.workspace_id
                                  AND a.address_key = m.address_key
         WHERE a.workspace_id = c.workspace_id AND a.contact_id = c.contact_id),
       (SELECT count(*) FROM suppressions s
         WHERE s.workspace_id = c.workspace_id AND s.contact_id = c.contact_id),
       (SELECT count(*) FROM imports i
         WHERE i.workspace_id = c.workspace_id AND i.status = 'running')
  FROM contacts c WHERE c.workspace_id = %(workspace_id)s AND c.contact_id = %(contact_id)s
"""
_EVENTS = """
SELECT count(*) FROM events
 WHERE workspace_id = %(workspace_id)s AND position(convert_to(%(text)s, 'UTF8') IN data) > 0
"""


class ErasurePreviews:
    """Counts what an erasure will find."""

    def __init__(self, pool: Pool, vault: KeyVault) -> None:
        self._pool = pool
        self._vault = vault
        self._exports = PostgresExports(pool)

    def of(self, workspace_id: UUID, contact_id: UUID) -> ErasurePreview | None:
        """Return the counts; None when there is no such contact in this workspace."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(
                _COUNTS, {"workspace_id": workspace_id, "contact_id": contact_id}
            ).fetchone()
        if row is None:
            return None
        status, erased, (messages, opens, clicks), queued, letters, rows, suppressions, imports = (
            row
        )
        return ErasurePreview(
            contact_id=contact_id,
            erased=erased,
            has_key=bool(self._vault.living(workspace_id, [contact_id])),
            status=status,
            messages=int(messages),
            opens=int(opens),
            clicks=int(clicks),
            queued_messages=queued,
            dead_letters=letters,
            rejected_rows=rows,
            suppressions=suppressions,
            running_imports=imports,
            exports=len(self._exports.holding(workspace_id, contact_id)),
        )

    def events(self, workspace_id: UUID, contact_id: UUID) -> int:
        """Count the events that name the contact. Reads the whole log of the workspace."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(
                _EVENTS, {"workspace_id": workspace_id, "text": str(contact_id)}
            ).fetchone()
        return int(row[0]) if row else 0
