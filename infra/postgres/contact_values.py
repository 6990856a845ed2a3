"""What merge tags would say of one contact."""

from uuid import UUID

from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope

_VALUES = """
SELECT email, first_name, last_name, fields FROM contacts
 WHERE workspace_id = %s AND contact_id = %s AND email IS NOT NULL
"""


class PostgresContactValues:
    """The port `commands.content.ports.ContactValues`, on the read model."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def of(self, workspace_id: UUID, contact_id: UUID) -> dict[str, str] | None:
        """See the port."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(_VALUES, (workspace_id, contact_id)).fetchone()
        if row is None:
            return None
        email, first_name, last_name, fields = row
        own = {"email": email, "first_name": first_name, "last_name": last_name}
        return {name: str(value) for name, value in {**(fields or {}), **own}.items() if value}
