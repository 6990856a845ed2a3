"""Which templates a workspace has, for the operator's commands."""

from datetime import datetime
from uuid import UUID

import msgspec

from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope


class KnownTemplate(msgspec.Struct, frozen=True):
    """A template as an operator sees it."""

    template_id: UUID
    name: str
    subject: str
    added_at: datetime


def known_templates(pool: Pool, workspace_id: UUID) -> list[KnownTemplate]:
    """Return the templates of a workspace, the newest first."""
    with tenant_scope(pool, workspace_id) as cursor:
        rows = cursor.execute(
            "SELECT t.template_id, v.name, v.subject, t.added_at FROM templates t"
            " JOIN template_versions v ON v.workspace_id = t.workspace_id"
            " AND v.template_id = t.template_id AND v.version = t.version"
            " WHERE t.workspace_id = %s AND t.deleted_at IS NULL ORDER BY t.position DESC",
            (workspace_id,),
        ).fetchall()
    return [KnownTemplate(*row) for row in rows]
