"""Who is at an address, listed or not, and what stops mail to somebody."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec
from psycopg import Cursor

from commands.contacts.ports import Addressee, Entry
from domain.contacts.email_address import ValidAddress
from domain.contacts.events import SuppressionReason
from domain.shared.errors import ConcurrentChangeError
from domain.shared.ids import derive_id
from infra.crypto.address_keys import AddressKeys
from infra.email_addresses import EmailValidator
from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Secret

_AT = """
SELECT address_key, contact_id FROM contact_addresses
 WHERE workspace_id = %b AND address_key = ANY(%b)
"""
_STANDING = """
SELECT reason, cause FROM do_not_mail
 WHERE workspace_id = %s AND contact_id = %s AND reason IN ('suppressed', 'unsubscribed')
"""
_ENDED = """
SELECT workspace_id, contact_id, cause FROM do_not_mail
 WHERE expires_at <= clock_timestamp() AND reason = 'suppressed' ORDER BY expires_at LIMIT %s
"""
_LIST = """
INSERT INTO contact_addresses (workspace_id, address_key, contact_id, is_listed)
SELECT %b::uuid, k, c, true FROM unnest(%b::bytea[], %b::uuid[]) AS u(k, c) ORDER BY k
ON CONFLICT (workspace_id, address_key) DO NOTHING RETURNING 1
"""
_STOP = """
INSERT INTO do_not_mail (workspace_id, contact_id, reason, cause, expires_at)
SELECT %b::uuid, c, r, w, e
  FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::timestamptz[]) AS u(c, r, w, e) ORDER BY c
ON CONFLICT (workspace_id, contact_id, reason, cause) DO UPDATE
   SET expires_at = CASE WHEN do_not_mail.expires_at IS NULL OR excluded.expires_at IS NULL
                         THEN NULL ELSE greatest(do_not_mail.expires_at, excluded.expires_at) END
"""


class Ended(msgspec.Struct, frozen=True):
    """A suppression whose time is over."""

    workspace_id: UUID
    contact_id: UUID
    reason: SuppressionReason


class PostgresSuppressions:
    """The port `commands.contacts.ports.Addresses`, and what the scheduler asks."""

    def __init__(self, pool: Pool, secret_key: Secret) -> None:
        self._pool = pool
        self._secret_key = secret_key
        self._validator = EmailValidator()

    def find(self, workspace_id: UUID, emails: Sequence[str]) -> list[Addressee | None]:
        """See the port."""
        keys = AddressKeys(self._secret_key, workspace_id, self._validator)
        checked = [self._validator.check(email.strip()) for email in emails]
        mine = [keys.of(a) if isinstance(a, ValidAddress) else None for a in checked]
        with tenant_scope(self._pool, workspace_id) as cursor:
            cursor.execute(_AT, (workspace_id, [key for key in mine if key]), binary=True)
            known = {bytes(key): contact_id for key, contact_id in cursor.fetchall()}
        return list(_addressees(workspace_id, zip(checked, mine, strict=True), known))

    def list(self, workspace_id: UUID, addressees: Sequence[Addressee]) -> "Listing":
        """See the port."""
        return Listing(workspace_id, addressees)

    def stop(self, workspace_id: UUID, entries: Sequence[Entry]) -> "Stopping":
        """See the port."""
        return Stopping(workspace_id, entries)

    def standing(self, workspace_id: UUID, contact_id: UUID) -> set[SuppressionReason]:
        """See the port."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            rows = cursor.execute(_STANDING, (workspace_id, contact_id)).fetchall()
        return {
            SuppressionReason(cause) if reason == "suppressed" else SuppressionReason.UNSUBSCRIBED
            for reason, cause in rows
        }

    def ended(self, *, limit: int) -> Sequence[Ended]:
        """Return suppressions whose time is over, of all workspaces; only for workers."""
        with self._pool.connection() as connection:
            rows = connection.execute(_ENDED, (limit,)).fetchall()
        return [Ended(workspace, who, SuppressionReason(cause)) for workspace, who, cause in rows]


class Listing(msgspec.Struct, frozen=True):
    """The effect of `Addresses.list`."""

    workspace_id: UUID
    addressees: Sequence[Addressee]

    def apply(self, cursor: object) -> None:
        """Run in the transaction of the append."""
        if not isinstance(cursor, Cursor):
            raise TypeError("effects of Postgres need its cursor")
        new = [who for who in self.addressees if who.is_new]
        keys, ids = [who.address_key for who in new], [who.contact_id for who in new]
        cursor.execute(_LIST, (self.workspace_id, keys, ids))
        if len(cursor.fetchall()) != len(new):
            raise ConcurrentChangeError("an address was taken meanwhile; look again")


class Stopping(msgspec.Struct, frozen=True):
    """The effect of `Addresses.stop`; the longest of several ends of one reason counts."""

    workspace_id: UUID
    entries: Sequence[Entry]

    def apply(self, cursor: object) -> None:
        """Run in the transaction of the append."""
        if not isinstance(cursor, Cursor):
            raise TypeError("effects of Postgres need its cursor")
        rows = {_key(entry): entry.expires_at for entry in self.entries}
        ids, reasons, causes = zip(*rows, strict=True) if rows else ((), (), ())
        cursor.execute(
            _STOP,
            (self.workspace_id, list(ids), list(reasons), list(causes), list(rows.values())),
        )


def _key(entry: Entry) -> tuple[UUID, str, str]:
    if entry.reason is SuppressionReason.UNSUBSCRIBED:
        return entry.contact_id, "unsubscribed", ""
    return entry.contact_id, "suppressed", str(entry.reason)


def _addressees(
    workspace_id: UUID,
    checked: Iterator[tuple[object, bytes | None]],
    known: dict[bytes, UUID],
) -> Iterator[Addressee | None]:
    for address, key in checked:
        if key is None or not isinstance(address, ValidAddress):
            yield None
        elif key in known:
            yield Addressee(known[key], key, address.address)
        else:
            listed = derive_id(0, b"listed", workspace_id.bytes, key)
            yield Addressee(listed, key, address.address, is_new=True)
