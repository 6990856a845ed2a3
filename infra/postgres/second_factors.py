"""The table of second factors: secrets sealed under their people's keys, and steps used."""

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag

from domain.shared.platform import PLATFORM
from infra.crypto.vault import NONCE_BYTES, KeyVault
from infra.eventstore.mapper import PersonErasedError
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

_ENROL = """
INSERT INTO second_factors (workspace_id, user_id, sealed)
VALUES (%(workspace_id)s, %(user_id)s, %(sealed)s)
ON CONFLICT (workspace_id, user_id)
DO UPDATE SET sealed = excluded.sealed, confirmed = false, last_step = 0
"""
_CONFIRM = """
WITH confirmed AS (
    UPDATE second_factors SET confirmed = true, last_step = %(step)s
     WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s
    RETURNING 1
), asked_for AS (
    UPDATE accounts SET factor_required = true
     WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s
), shown AS (
    UPDATE sessions SET second_factor = true
     WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s AND session_id = %(session_id)s
)
SELECT count(*) FROM confirmed
"""
_REMOVE = """
WITH removed AS (
    DELETE FROM second_factors WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s
)
UPDATE accounts SET factor_required = false
 WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s
"""
_SEALED = "SELECT sealed FROM second_factors WHERE workspace_id = %s AND user_id = %s"
_SPEND = """
UPDATE second_factors SET last_step = %(step)s
 WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s
   AND confirmed AND last_step < %(step)s
RETURNING 1
"""
_BOUND_TO = b"second-factor"


class PostgresSecondFactors:
    """The port `commands.identity.factor_ports.SecondFactors`."""

    def __init__(self, pool: Pool, vault: KeyVault) -> None:
        self._pool = pool
        self._vault = vault

    def enrol(self, user_id: UUID, secret: str) -> SqlEffect:
        """See the port. Raises PersonErasedError for somebody who never gets a key again."""
        cipher = self._vault.ciphers(PLATFORM, [user_id], mint=True).get(user_id)
        if cipher is None:
            raise PersonErasedError("this account was erased")
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + cipher.encrypt(nonce, secret.encode(), _BOUND_TO + user_id.bytes)
        return SqlEffect(_ENROL, _key(user_id) | {"sealed": sealed})

    def confirm(self, user_id: UUID, *, step: int, session_id: UUID) -> SqlEffect:
        """See the port."""
        values = _key(user_id) | {"step": step, "session_id": session_id}
        return SqlEffect(_CONFIRM, values, must_change=1)

    def remove(self, user_id: UUID) -> SqlEffect:
        """See the port."""
        return SqlEffect(_REMOVE, _key(user_id))

    def secret(self, user_id: UUID) -> str | None:
        """See the port."""
        with tenant_scope(self._pool, PLATFORM) as cursor:
            row = cursor.execute(_SEALED, (PLATFORM, user_id)).fetchone()
        cipher = self._vault.ciphers(PLATFORM, [user_id], mint=False).get(user_id)
        if row is None or cipher is None:
            return None
        nonce, box = row[0][:NONCE_BYTES], row[0][NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, box, _BOUND_TO + user_id.bytes).decode()
        except InvalidTag:
            return None

    def spend(self, user_id: UUID, *, step: int) -> bool:
        """See the port: of two that come at once with the same code, one gets it."""
        with tenant_scope(self._pool, PLATFORM) as cursor:
            row = cursor.execute(_SPEND, _key(user_id) | {"step": step}).fetchone()
        return row is not None


def _key(user_id: UUID) -> dict[str, object]:
    return {"workspace_id": PLATFORM, "user_id": user_id}
