"""Is this contact in the workspace? Asked by writes that name a contact."""

from uuid import UUID

from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope


class ContactDirectory:
    """The port `commands.http.ports.Contacts`, on the read model."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def known(self, workspace_id: UUID, contact_id: UUID) -> bool:
        """Tell whether the contact exists in this workspace."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(
                "SELECT 1 FROM contacts WHERE workspace_id = %s AND contact_id = %s",
                (workspace_id, contact_id),
            ).fetchone()
        return row is not None
