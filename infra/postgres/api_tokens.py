"""The table of good secrets, changed with the events that say so."""

from uuid import UUID

import msgspec
from psycopg import Cursor


class _Allow(msgspec.Struct, frozen=True):
    workspace_id: UUID
    token_id: UUID
    sha256: bytes

    def apply(self, cursor: object) -> None:
        if not isinstance(cursor, Cursor):
            raise TypeError("effects of Postgres need its cursor")
        cursor.execute(
            "INSERT INTO api_tokens (workspace_id, token_id, sha256) VALUES (%s, %s, %s)",
            (self.workspace_id, self.token_id, self.sha256),
        )


class _Refuse(msgspec.Struct, frozen=True):
    workspace_id: UUID
    token_id: UUID

    def apply(self, cursor: object) -> None:
        if not isinstance(cursor, Cursor):
            raise TypeError("effects of Postgres need its cursor")
        cursor.execute(
            "UPDATE api_tokens SET revoked = true WHERE workspace_id = %s AND token_id = %s",
            (self.workspace_id, self.token_id),
        )


class PostgresApiTokens:
    """The port `commands.ports.ApiTokens`."""

    def add(self, workspace_id: UUID, token_id: UUID, *, sha256: bytes) -> _Allow:
        """See the port."""
        return _Allow(workspace_id, token_id, sha256)

    def revoke(self, workspace_id: UUID, token_id: UUID) -> _Refuse:
        """See the port."""
        return _Refuse(workspace_id, token_id)
