"""Which persons a workspace's log knows: everybody who was ever imported has an address key."""

from collections.abc import Iterable
from uuid import UUID

from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope


def known_contacts(pool: Pool, workspace_id: UUID, contacts: Iterable[UUID]) -> set[UUID]:
    """Return those of the contacts that the workspace knows."""
    with tenant_scope(pool, workspace_id) as cursor:
        rows = cursor.execute(
            "SELECT contact_id FROM contact_addresses"
            " WHERE workspace_id = %s AND contact_id = ANY(%s)",
            (workspace_id, list(contacts)),
        ).fetchall()
    return {contact_id for (contact_id,) in rows}
