"""Who can be mailed: asked of the working tables, so that it is exact at once after an import."""

from collections.abc import Set as AbstractSet
from uuid import UUID

from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope

_ANYBODY = """
SELECT EXISTS (SELECT FROM contact_addresses a
 WHERE a.workspace_id = %(workspace_id)s
   AND NOT a.is_listed
   AND NOT EXISTS (SELECT FROM stops_in_force d
                    WHERE d.workspace_id = a.workspace_id AND d.contact_id = a.contact_id))
"""
_KNOWN_FIELDS = """
SELECT name FROM unnest(%(names)s::text[]) AS name
 WHERE EXISTS (SELECT FROM contacts c WHERE c.workspace_id = %(workspace_id)s AND c.fields ? name)
"""


class PostgresAudience:
    """The port `commands.ports.Audience`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def anybody(self, workspace_id: UUID) -> bool:
        """See the port."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(_ANYBODY, {"workspace_id": workspace_id}).fetchone()
        return bool(row and row[0])

    def known_fields(self, workspace_id: UUID, names: AbstractSet[str]) -> frozenset[str]:
        """See the port."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            rows = cursor.execute(
                _KNOWN_FIELDS, {"workspace_id": workspace_id, "names": sorted(names)}
            ).fetchall()
        return frozenset(name for (name,) in rows)
