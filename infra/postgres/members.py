"""Who belongs to which workspace: written with the events that say so, asked at each request."""

from datetime import datetime
from uuid import UUID

import msgspec

from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

_PUT = """
INSERT INTO members (workspace_id, user_id, role)
VALUES (%(workspace_id)s, %(user_id)s, %(role)s)
ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role
"""
_DROP = "DELETE FROM members WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s"
_OF = """
SELECT workspace_id, role, joined_at FROM memberships_of(%s) ORDER BY joined_at, workspace_id
"""
_NAME = "SELECT name FROM workspaces WHERE workspace_id = %s"


class Membership(msgspec.Struct, frozen=True):
    """What a person is in one workspace."""

    workspace_id: UUID
    role: str
    joined_at: datetime


class NamedMembership(Membership, frozen=True, kw_only=True):
    """The same, with the workspace's name; empty while its founding is not projected yet."""

    name: str


class PostgresMembers:
    """The port `commands.tenancy.ports.Members`."""

    def put(self, workspace_id: UUID, user_id: UUID, *, role: str) -> SqlEffect:
        """See the port."""
        return SqlEffect(
            _PUT, {"workspace_id": workspace_id, "user_id": user_id, "role": str(role)}
        )

    def drop(self, workspace_id: UUID, user_id: UUID) -> SqlEffect:
        """See the port."""
        return SqlEffect(_DROP, {"workspace_id": workspace_id, "user_id": user_id})


class Memberships:
    """What a person belongs to, asked without a workspace."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def of(self, user_id: UUID) -> list[Membership]:
        """Return all, the oldest first."""
        with self._pool.connection() as connection:
            return [Membership(*row) for row in connection.execute(_OF, (user_id,)).fetchall()]

    def named(self, user_id: UUID) -> list[NamedMembership]:
        """Return the same with names, each read in its own workspace's scope."""
        return [
            NamedMembership(**msgspec.structs.asdict(one), name=self._name(one.workspace_id))
            for one in self.of(user_id)
        ]

    def _name(self, workspace_id: UUID) -> str:
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(_NAME, (workspace_id,)).fetchone()
        return str(row[0]) if row else ""
