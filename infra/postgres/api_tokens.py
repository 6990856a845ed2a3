"""The table of good secrets, changed with the events that say so."""

from uuid import UUID

import msgspec

from domain.developer.events import ApiTokenIssued, ApiTokenRotated
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

_ADD = """
INSERT INTO api_tokens (workspace_id, token_id, sha256, permissions, name, prefix, scopes, test,
                        issued_by, expires_at, networks)
VALUES (%(workspace_id)s, %(token_id)s, decode(%(sha256)s, 'hex'), %(permissions)s::text[],
        %(name)s, %(prefix)s, %(scopes)s::text[], %(test)s, %(issued_by)s, %(expires_at)s,
        %(networks)s::cidr[])
"""
_ROTATE = """
UPDATE api_tokens
   SET previous_sha256 = sha256, previous_ends_at = %(old_ends_at)s,
       sha256 = decode(%(sha256)s, 'hex'), prefix = %(prefix)s
 WHERE workspace_id = %(workspace_id)s AND token_id = %(token_id)s
"""
_REVOKE = """
UPDATE api_tokens SET revoked = true
 WHERE workspace_id = %(workspace_id)s AND token_id = %(token_id)s
"""
_LIST = """
SELECT token_id AS key, name, prefix, CASE WHEN test THEN 'test' ELSE 'live' END AS kind, scopes,
       networks::text[] AS networks, issued_by, issued_at, expires_at, last_used_at,
       CASE WHEN revoked THEN 'revoked' WHEN expires_at <= now() THEN 'expired' ELSE 'good' END
           AS state
  FROM api_tokens WHERE workspace_id = %s ORDER BY token_id
"""


class PostgresApiTokens:
    """The port `commands.ports.ApiTokens`."""

    def add(self, workspace_id: UUID, issued: ApiTokenIssued, *, issued_by: str) -> SqlEffect:
        """See the port."""
        values: dict[str, object] = {
            name: list(value) if isinstance(value := getattr(issued, name), tuple) else value
            for name in issued.__struct_fields__
        }
        return SqlEffect(_ADD, values | {"workspace_id": workspace_id, "issued_by": issued_by})

    def rotate(self, workspace_id: UUID, rotated: ApiTokenRotated) -> SqlEffect:
        """See the port."""
        values = msgspec.structs.asdict(rotated)
        return SqlEffect(_ROTATE, values | {"workspace_id": workspace_id})

    def revoke(self, workspace_id: UUID, token_id: UUID) -> SqlEffect:
        """See the port."""
        return SqlEffect(_REVOKE, {"workspace_id": workspace_id, "token_id": token_id})


def known_api_keys(pool: Pool, workspace_id: UUID) -> list[dict[str, object]]:
    """Return what an operator sees of each key of a workspace, oldest first."""
    with tenant_scope(pool, workspace_id) as cursor:
        cursor.execute(_LIST, (workspace_id,))
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
