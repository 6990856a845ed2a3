"""Idempotency keys: which command a key stands for, and for which request it was used.

A request may hold a password, so its digest is kept under a key: whoever has a copy of the
database cannot try passwords against it.
"""

import hashlib
from uuid import UUID

import msgspec

from domain.shared.errors import DomainError
from infra.crypto.derive import derive_key, mac
from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Secret

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

    def __init__(self, pool: Pool, secret_key: Secret) -> None:
        self._pool = pool
        self._key = derive_key(secret_key, "request-digest")

    def claim(
        self, workspace_id: UUID, key: str, *, request_sha256: bytes, proposed: Claim
    ) -> Claim:
        """Return the proposed claim, or the one made when this request came first.

        Raises IdempotencyKeyReusedError when the key stands for another request.
        """
        name = hashlib.sha256(key.encode()).digest()
        request = mac(self._key, request_sha256, length=32)
        ids = (proposed.command_id, proposed.object_id)
        with tenant_scope(self._pool, workspace_id) as cursor:
            cursor.execute(CLAIM, (workspace_id, name, request, *ids))
            row = cursor.execute(FIND, (workspace_id, name)).fetchone()
        if row is None:
            raise RuntimeError("a claimed key is gone: request_keys is append-only")
        if bytes(row[0]) not in (request, request_sha256):  # the second: of an older release
            raise IdempotencyKeyReusedError(
                "this Idempotency-Key was used for another request; use a new key"
            )
        return Claim(row[1], row[2])
