"""What campaigns send, frozen and named by its digest."""

from uuid import UUID

import msgspec

from domain.content.snapshot import Snapshot
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

_ADD = """
INSERT INTO snapshots (workspace_id, sha256, content)
VALUES (%(workspace_id)s, %(sha256)s, %(content)s::jsonb) ON CONFLICT DO NOTHING
"""
_decoder = msgspec.json.Decoder(Snapshot)


class PostgresSnapshots:
    """The port `commands.ports.Snapshots`."""

    def add(self, workspace_id: UUID, *, sha256: str, content: bytes) -> SqlEffect:
        """See the port."""
        return SqlEffect(
            _ADD,
            {"workspace_id": workspace_id, "sha256": sha256, "content": content.decode()},
        )


def load_snapshot(pool: Pool, workspace_id: UUID, sha256: str) -> Snapshot | None:
    """Return the snapshot; None when there is none with this digest."""
    with tenant_scope(pool, workspace_id) as cursor:
        row = cursor.execute(
            "SELECT content::text FROM snapshots WHERE workspace_id = %s AND sha256 = %s",
            (workspace_id, sha256),
        ).fetchone()
    return None if row is None else _decoder.decode(row[0])
