"""What an operator sees of all workspaces: names of companies and counts, nothing of a person."""

from datetime import datetime
from uuid import UUID

import msgspec

from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope

COUNTED = 100_000
"""Contacts are counted up to this, so that one huge workspace holds up no list."""
_IDS = "SELECT workspace_id FROM workspace_ids(%s, %s)"
_ONE = """
SELECT w.name, w.created_at,
       (SELECT count(*) FROM members WHERE workspace_id = %(id)s),
       (SELECT count(*) FROM (SELECT FROM contact_addresses WHERE workspace_id = %(id)s
                               LIMIT %(counted)s) c),
       (SELECT count(*) FROM campaign_runs WHERE workspace_id = %(id)s),
       (SELECT count(*) FROM api_tokens WHERE workspace_id = %(id)s AND NOT revoked)
  FROM (SELECT) here LEFT JOIN workspaces w ON w.workspace_id = %(id)s
"""


class WorkspaceOverview(msgspec.Struct, frozen=True):
    """One workspace in numbers; without name and time while its founding is not projected."""

    workspace_id: UUID
    name: str | None
    created_at: datetime | None
    members: int
    contacts: int
    campaigns: int
    api_keys: int


class WorkspaceOverviews:
    """Reads each workspace in its own scope."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def after(self, workspace_id: UUID, *, limit: int) -> list[WorkspaceOverview]:
        """Return those whose ids come after this one, in order."""
        with self._pool.connection() as connection:
            ids = connection.execute(_IDS, (workspace_id, limit)).fetchall()
        return [self._one(found) for (found,) in ids]

    def _one(self, workspace_id: UUID) -> WorkspaceOverview:
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(_ONE, {"id": workspace_id, "counted": COUNTED}).fetchone()
        return WorkspaceOverview(workspace_id, *(row or (None, None, 0, 0, 0, 0)))
