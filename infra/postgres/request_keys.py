"""Idempotency keys: which command a key stands for, and for which request it was used."""

import hashlib
from uuid import UUID

import msgspec

from domain.shared.errors import DomainError
from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope

CLAIM = """
INSERT INTO request_keys (workspace_id, key_sha256, request_sha256, command_id, object_id)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, key_sha256) DO NOTHING
"""
FIND = """
SELECT request_sha256, command_id, object_id FROM request_keys
 WHERE workspace_id = %s AND key_sha256 = %s
"""


class IdempotencyKeyReusedError(DomainError):
    """The key was used for another request before."""

    code = "idempotency_key_reused"


class Claim(msgspec.Struct, frozen=True):
    """The command that a key stands for, and the id of what it creates."""

    command_id: UUID
    object_id: UUID


class RequestKeys:
    """Claims keys before the command runs; keys are kept as digests."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def claim(
        self, workspace_id: UUID, key: str, *, request_sha256: bytes, proposed: Claim
    ) -> Claim:
        """Return the proposed claim, or the one made when this request came first.

        Raises IdempotencyKeyReusedError when the key stands for another request.
        """
        name = hashlib.sha256(key.encode()).digest()
        ids = (proposed.command_id, proposed.object_id)
        with tenant_scope(self._pool, workspace_id) as cursor:
            cursor.execute(CLAIM, (workspace_id, name, request_sha256, *ids))
            row = cursor.execute(FIND, (workspace_id, name)).fetchone()
        if row is None:
            raise RuntimeError("a claimed key is gone: request_keys is append-only")
        if bytes(row[0]) != request_sha256:
            raise IdempotencyKeyReusedError(
                "this Idempotency-Key was used for another request; use a new key"
            )
        return Claim(row[1], row[2])
