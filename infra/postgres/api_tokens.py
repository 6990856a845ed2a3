"""The table of good secrets, changed with the events that say so."""

from collections.abc import Sequence
from uuid import UUID

from infra.postgres.sql_effect import SqlEffect

_ADD = """
INSERT INTO api_tokens (workspace_id, token_id, sha256, permissions)
VALUES (%(workspace_id)s, %(token_id)s, %(sha256)s, %(permissions)s::text[])
"""
_REVOKE = """
UPDATE api_tokens SET revoked = true
 WHERE workspace_id = %(workspace_id)s AND token_id = %(token_id)s
"""


class PostgresApiTokens:
    """The port `commands.ports.ApiTokens`."""

    def add(
        self, workspace_id: UUID, token_id: UUID, *, sha256: bytes, permissions: Sequence[str] = ()
    ) -> SqlEffect:
        """See the port."""
        return SqlEffect(
            _ADD,
            {
                "workspace_id": workspace_id,
                "token_id": token_id,
                "sha256": sha256,
                "permissions": list(permissions),
            },
        )

    def revoke(self, workspace_id: UUID, token_id: UUID) -> SqlEffect:
        """See the port."""
        return SqlEffect(_REVOKE, {"workspace_id": workspace_id, "token_id": token_id})
