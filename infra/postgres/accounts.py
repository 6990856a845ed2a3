"""Who has an account: found by a keyed hash of the address, which itself is sealed."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

from commands.identity.ports import FoundAccount
from domain.contacts.email_address import InvalidAddress, ValidAddress
from domain.identity.linked_identity import KnownAccount
from domain.shared.errors import InvalidInputError
from domain.shared.platform import PLATFORM
from infra.crypto.address_keys import AddressKeys
from infra.crypto.sealed_text import open_text, seal_text
from infra.crypto.vault import KeyVault
from infra.email_addresses import EmailValidator
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Secret

PURPOSE = b"account-address"
_FIND: LiteralString = """
SELECT user_id, sealed_address, password_hash, verified, disabled, factor_required, password_epoch
  FROM accounts
 WHERE workspace_id = %(workspace_id)s AND removed_at IS NULL AND """
_BY_ADDRESS: LiteralString = _FIND + "address_key = %(key)s"
_BY_ID: LiteralString = _FIND + "user_id = %(user_id)s"
_ADD = """
INSERT INTO accounts (workspace_id, user_id, address_key, sealed_address, password_hash, verified)
VALUES (%(workspace_id)s, %(user_id)s, %(key)s, %(sealed)s, %(password_hash)s, %(verified)s)
"""
_OWN: LiteralString = " WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s"
_VERIFIED: LiteralString = "UPDATE accounts SET verified = true" + _OWN
_REHASHED: LiteralString = "UPDATE accounts SET password_hash = %(password_hash)s" + _OWN
_CHANGED: LiteralString = (
    "UPDATE accounts SET password_hash = %(password_hash)s, password_epoch = password_epoch + 1"
    + _OWN
)
_DISABLED: LiteralString = "UPDATE accounts SET disabled = %(disabled)s" + _OWN
_REMOVED: LiteralString = (
    "WITH factors AS (DELETE FROM second_factors" + _OWN + "),"
    " identities AS (DELETE FROM linked_identities" + _OWN + ") "
    "UPDATE accounts SET removed_at = now(), address_key = NULL, sealed_address = NULL,"
    " password_hash = NULL, password_epoch = password_epoch + 1" + _OWN
)
_DESTROYED: LiteralString = "UPDATE accounts SET key_destroyed = true" + _OWN
_LEAVING = """
SELECT user_id FROM accounts
 WHERE workspace_id = %s AND removed_at IS NOT NULL AND NOT key_destroyed LIMIT 100
"""
_LIST = """
SELECT user_id, sealed_address, password_hash, verified, disabled, factor_required, password_epoch
  FROM accounts
 WHERE workspace_id = %s AND removed_at IS NULL ORDER BY user_id
"""


class PostgresAccounts:
    """The ports `Accounts` and `AccountAddresses` of `commands.identity`."""

    def __init__(self, pool: Pool, vault: KeyVault, secret_key: Secret) -> None:
        self._pool = pool
        self._vault = vault
        self._validator = EmailValidator()
        self._address_keys = AddressKeys(secret_key, PLATFORM, self._validator)

    def checked(self, email: str) -> str:
        """See the port."""
        return self._valid(email).address

    def by_address(self, email: str) -> FoundAccount | None:
        """See the port."""
        key = self.key(email)
        return None if key is None else self._one(_BY_ADDRESS, {"key": key})

    def at(self, address: str) -> KnownAccount | None:
        """See the port `commands.identity.link_account.AccountAddresses`."""
        found = self.by_address(address)
        return KnownAccount(found.user_id, found.verified) if found else None

    def by_id(self, user_id: UUID) -> FoundAccount | None:
        """See the port."""
        return self._one(_BY_ID, {"user_id": user_id})

    def key(self, email: str) -> bytes | None:
        """Return the keyed hash that an address is found by; None for what is no address."""
        found = self._validator.check(email.strip())
        return self._address_keys.of(found) if isinstance(found, ValidAddress) else None

    def everybody(self) -> Sequence[FoundAccount]:
        """Return all accounts, oldest first: for the operator of the installation."""
        with tenant_scope(self._pool, PLATFORM) as cursor:
            rows = cursor.execute(_LIST, (PLATFORM,)).fetchall()
        return [self._found(*row) for row in rows]

    def last_owner_of(self, user_id: UUID) -> int:
        """See the port."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT count(*) FROM sole_ownerships_of(%s)", (user_id,)
            ).fetchone()
        return int(row[0]) if row else 0

    def add(
        self, user_id: UUID, *, email: str, password_hash: str | None, verified: bool
    ) -> SqlEffect:
        """See the port."""
        valid = self._valid(email)
        sealed = seal_text(self._vault, PLATFORM, user_id, valid.address, purpose=PURPOSE)
        values = {"key": self._address_keys.of(valid), "sealed": sealed, "verified": verified}
        return _effect(_ADD, user_id, **values, password_hash=password_hash)

    def verified(self, user_id: UUID) -> SqlEffect:
        """See the port."""
        return _effect(_VERIFIED, user_id)

    def password_changed(self, user_id: UUID, password_hash: str) -> SqlEffect:
        """See the port."""
        return _effect(_CHANGED, user_id, password_hash=password_hash)

    def rehash(self, user_id: UUID, password_hash: str) -> None:
        """See the port."""
        self._change(_REHASHED, user_id, password_hash=password_hash)

    def disabled(self, user_id: UUID, *, disabled: bool) -> SqlEffect:
        """See the port."""
        return _effect(_DISABLED, user_id, disabled=disabled)

    def removed(self, user_id: UUID) -> SqlEffect:
        """See the port."""
        return _effect(_REMOVED, user_id)

    def forget(self, user_id: UUID) -> None:
        """See the port. What was interrupted is repeated by the scheduler."""
        self._vault.destroy(PLATFORM, user_id)
        self._change(_DESTROYED, user_id)

    def leaving(self) -> Sequence[UUID]:
        """Return those who left, and whose key is still there."""
        with tenant_scope(self._pool, PLATFORM) as cursor:
            return [row[0] for row in cursor.execute(_LEAVING, (PLATFORM,)).fetchall()]

    def _valid(self, email: str) -> ValidAddress:
        found = self._validator.check(email.strip())
        if isinstance(found, InvalidAddress):
            raise InvalidInputError(f"`email` is no address that can be mailed: {found.reason}")
        return found

    def _one(self, query: LiteralString, values: dict[str, object]) -> FoundAccount | None:
        with tenant_scope(self._pool, PLATFORM) as cursor:
            row = cursor.execute(query, {**values, "workspace_id": PLATFORM}).fetchone()
        return self._found(*row) if row else None

    def _found(
        self,
        user_id: UUID,
        sealed: bytes | None,
        password_hash: str | None,
        verified: bool,  # noqa: FBT001 a column
        disabled: bool,  # noqa: FBT001 a column
        factor_required: bool,  # noqa: FBT001 a column
        password_epoch: int,
    ) -> FoundAccount:
        email = sealed and open_text(self._vault, PLATFORM, user_id, sealed, purpose=PURPOSE)
        return FoundAccount(
            user_id=user_id,
            email=email or "",
            password_hash=password_hash,
            verified=verified,
            disabled=disabled,
            factor_required=factor_required,
            password_epoch=password_epoch,
        )

    def _change(self, statement: LiteralString, user_id: UUID, **values: object) -> None:
        with tenant_scope(self._pool, PLATFORM) as cursor:
            cursor.execute(statement, {**values, "workspace_id": PLATFORM, "user_id": user_id})


def _effect(statement: LiteralString, user_id: UUID, **values: object) -> SqlEffect:
    return SqlEffect(statement, {**values, "workspace_id": PLATFORM, "user_id": user_id})
