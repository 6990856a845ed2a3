"""The trash: what is deleted, until when it can come back, and what is to be purged."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.privacy.trash import Kind
from domain.shared.context import Context
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect

_PUT = """
WITH stopped AS (
    INSERT INTO do_not_mail (workspace_id, contact_id, reason)
    SELECT %(workspace_id)s, %(thing_id)s, 'deleted' WHERE %(kind)s = 'contact'
    ON CONFLICT DO NOTHING
)
INSERT INTO trash (workspace_id, kind, thing_id, deleted_at, deleted_by, purge_at)
VALUES (%(workspace_id)s, %(kind)s, %(thing_id)s, %(deleted_at)s, %(deleted_by)s, %(purge_at)s)
ON CONFLICT (workspace_id, kind, thing_id) DO UPDATE
   SET deleted_at = excluded.deleted_at, deleted_by = excluded.deleted_by,
       purge_at = excluded.purge_at
"""
_TAKE_OUT = """
WITH mailed AS (
    DELETE FROM do_not_mail WHERE workspace_id = %(workspace_id)s AND %(kind)s = 'contact'
       AND contact_id = %(thing_id)s AND reason = 'deleted'
)
DELETE FROM trash
 WHERE workspace_id = %(workspace_id)s AND kind = %(kind)s AND thing_id = %(thing_id)s
"""
_DUE = """
SELECT workspace_id, kind, thing_id FROM trash WHERE purge_at <= clock_timestamp()
 ORDER BY purge_at LIMIT %s
"""


class Trashed(msgspec.Struct, frozen=True):
    """Something whose time in the trash is over."""

    workspace_id: UUID
    kind: Kind
    thing_id: UUID


class PostgresTrash:
    """The port `commands.privacy.ports.Trash`, and what the retention worker asks."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def put(self, kind: Kind, thing_id: UUID, context: Context, *, purge_at: datetime) -> SqlEffect:
        """See the port."""
        return SqlEffect(
            _PUT,
            _key(kind, thing_id, context.workspace_id)
            | {
                "deleted_at": context.now,
                "deleted_by": context.actor,
                "purge_at": purge_at,
            },
        )

    def take_out(self, kind: Kind, thing_id: UUID, workspace_id: UUID) -> SqlEffect:
        """See the port."""
        return SqlEffect(_TAKE_OUT, _key(kind, thing_id, workspace_id))

    def due(self, *, limit: int) -> list[Trashed]:
        """Return what is to be purged, of all workspaces; only for workers."""
        with self._pool.connection() as connection:
            rows = connection.execute(_DUE, (limit,)).fetchall()
        return [Trashed(workspace, Kind(kind), thing) for workspace, kind, thing in rows]


def _key(kind: Kind, thing_id: UUID, workspace_id: UUID) -> dict[str, object]:
    return {"workspace_id": workspace_id, "kind": str(kind), "thing_id": thing_id}
