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
            "SELECT template_id, name, subject, added_at FROM templates"
            " WHERE workspace_id = %s AND deleted_at IS NULL ORDER BY position DESC",
            (workspace_id,),
        ).fetchall()
    return [KnownTemplate(*row) for row in rows]
