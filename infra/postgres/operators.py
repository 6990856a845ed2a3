"""Operators of the installation, and the workspaces that they look into."""

from uuid import UUID

import msgspec

from domain.platform.events import WorkspaceViewingBegan
from domain.shared.platform import PLATFORM
from infra.crypto.tokens import digest
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

_GRANT = """
INSERT INTO operators (workspace_id, user_id) VALUES (%(workspace_id)s, %(user_id)s)
ON CONFLICT DO NOTHING
"""
_REVOKE = "DELETE FROM operators WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s"
_LIST = "SELECT user_id FROM operators WHERE workspace_id = %s ORDER BY user_id"
_BEGIN = """
INSERT INTO viewings (workspace_id, viewing_id, operator_id, reason, token_sha256, began_at,
                      expires_at)
VALUES (%(workspace_id)s, %(viewing_id)s, %(operator_id)s, %(reason)s, %(token_sha256)s, now(),
        %(expires_at)s)
"""
_END = """
UPDATE viewings SET ended_at = now()
 WHERE workspace_id = %(workspace_id)s AND viewing_id = %(viewing_id)s AND ended_at IS NULL
"""
_FIND = "SELECT workspace_id, viewing_id, operator_id FROM authenticate_viewing(%s)"


class PostgresOperators:
    """The port `commands.platform.ports.Operators`."""

    def grant(self, user_id: UUID) -> SqlEffect:
        """See the port."""
        return SqlEffect(_GRANT, {"workspace_id": PLATFORM, "user_id": user_id})

    def revoke(self, user_id: UUID) -> SqlEffect:
        """See the port."""
        return SqlEffect(_REVOKE, {"workspace_id": PLATFORM, "user_id": user_id})


def known_operators(pool: Pool) -> list[UUID]:
    """Return the accounts of all operators."""
    with tenant_scope(pool, PLATFORM) as cursor:
        return [user_id for (user_id,) in cursor.execute(_LIST, (PLATFORM,)).fetchall()]


class PostgresViewings:
    """The port `commands.platform.ports.Viewings`."""

    def begin(self, workspace_id: UUID, began: WorkspaceViewingBegan) -> SqlEffect:
        """See the port."""
        values = msgspec.structs.asdict(began) | {
            "workspace_id": workspace_id,
            "token_sha256": bytes.fromhex(began.token_sha256),
        }
        return SqlEffect(_BEGIN, values)

    def end(self, workspace_id: UUID, viewing_id: UUID) -> SqlEffect:
        """See the port."""
        return SqlEffect(_END, {"workspace_id": workspace_id, "viewing_id": viewing_id})


class GoodViewing(msgspec.Struct, frozen=True):
    """Whose token it is, and of which workspace."""

    workspace_id: UUID
    viewing_id: UUID
    operator_id: UUID


class ViewingLookup:
    """Asks the database each time, so that an end holds at once."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def find(self, token: str) -> GoodViewing | None:
        """Return the viewing of a token; None when it is over, or its operator is none now."""
        with self._pool.connection() as connection:
            row = connection.execute(_FIND, (digest(token),)).fetchone()
        return GoodViewing(*row) if row else None
