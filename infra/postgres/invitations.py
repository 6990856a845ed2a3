"""Invitations: which tokens are good, and where each went, sealed under a key of its own."""

from datetime import datetime
from uuid import UUID

import msgspec

from commands.tenancy.ports import FoundInvitation
from domain.contacts.email_address import ValidAddress
from domain.shared.platform import PLATFORM
from domain.tenancy.events import MemberInvited
from infra.crypto.address_keys import AddressKeys
from infra.crypto.sealed_text import open_text, seal_text
from infra.crypto.vault import KeyVault
from infra.email_addresses import EmailValidator
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Secret

PURPOSE = b"invitation-address"
_OPEN = """
INSERT INTO invitations (workspace_id, invitation_id, address_key, role, invited_by, token_sha256,
                         sealed, expires_at)
VALUES (%(workspace_id)s, %(invitation_id)s, %(address_key)s, %(role)s, %(invited_by)s,
        %(token_sha256)s, %(sealed)s, %(expires_at)s)
"""
_RENEW = """
WITH renewed AS (
    UPDATE invitations SET token_sha256 = %(token_sha256)s, expires_at = %(expires_at)s
     WHERE workspace_id = %(workspace_id)s AND invitation_id = %(invitation_id)s
       AND state = 'open'
    RETURNING 1
)
SELECT count(*) FROM renewed
"""
_END = """
WITH ended AS (
    UPDATE invitations SET state = %(state)s, sealed = ''
     WHERE workspace_id = %(workspace_id)s AND invitation_id = %(invitation_id)s
       AND state = 'open'
    RETURNING 1
)
SELECT count(*) FROM ended
"""
_WAITING = """
SELECT invitation_id FROM invitations
 WHERE workspace_id = %s AND address_key = %s AND state = 'open' AND expires_at > now()
"""
_SEALED = """
SELECT sealed FROM invitations WHERE workspace_id = %s AND invitation_id = %s AND state = 'open'
"""
_FIND = "SELECT workspace_id, invitation_id, address_key FROM find_invitation(%s)"
_LIST = """
SELECT invitation_id, role, invited_by, invited_at, expires_at, sealed FROM invitations
 WHERE workspace_id = %s AND state = 'open' ORDER BY invitation_id
"""
_UNFINISHED = """
SELECT workspace_id, invitation_id, state FROM invitations
 WHERE NOT forgotten AND (state <> 'open' OR expires_at <= now()) ORDER BY expires_at LIMIT 100
"""
_FORGOTTEN = """
UPDATE invitations SET forgotten = true WHERE workspace_id = %s AND invitation_id = %s
"""


class OpenInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """One that waits; `email` is None when its key is gone."""

    invitation_id: UUID
    email: str | None
    role: str
    invited_by: str
    invited_at: datetime
    expires_at: datetime


class UnfinishedInvitation(msgspec.Struct, frozen=True):
    """One whose time is over, or whose key is still there although it ended."""

    workspace_id: UUID
    invitation_id: UUID
    state: str


class PostgresInvitations:
    """The port `commands.tenancy.ports.Invitations`."""

    def __init__(self, pool: Pool, vault: KeyVault, secret_key: Secret) -> None:
        self._pool = pool
        self._vault = vault
        self._checker = EmailValidator()
        self._keys = AddressKeys(secret_key, PLATFORM, self._checker)

    def open(self, workspace_id: UUID, invited: MemberInvited, *, invited_by: str) -> SqlEffect:
        """See the port."""
        email = invited.email or ""
        return SqlEffect(
            _OPEN,
            _key(workspace_id, invited.invitation_id)
            | {
                "address_key": self._address_key(email),
                "role": str(invited.role),
                "invited_by": invited_by,
                "token_sha256": bytes.fromhex(invited.token_sha256),
                "sealed": seal_text(
                    self._vault, workspace_id, invited.invitation_id, email, purpose=PURPOSE
                ),
                "expires_at": invited.expires_at,
            },
        )

    def renew(
        self, workspace_id: UUID, invitation_id: UUID, *, sha256: str, expires_at: datetime
    ) -> SqlEffect:
        """See the port."""
        values = {"token_sha256": bytes.fromhex(sha256), "expires_at": expires_at}
        return SqlEffect(_RENEW, _key(workspace_id, invitation_id) | values, must_change=1)

    def end(self, workspace_id: UUID, invitation_id: UUID, *, state: str) -> SqlEffect:
        """See the port."""
        return SqlEffect(_END, _key(workspace_id, invitation_id) | {"state": state}, must_change=1)

    def waiting(self, workspace_id: UUID, email: str) -> UUID | None:
        """See the port."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(_WAITING, (workspace_id, self._address_key(email))).fetchone()
        return row[0] if row else None

    def address(self, workspace_id: UUID, invitation_id: UUID) -> str | None:
        """See the port."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(_SEALED, (workspace_id, invitation_id)).fetchone()
        return self._open(workspace_id, invitation_id, row[0]) if row else None

    def find(self, sha256: str) -> FoundInvitation | None:
        """See the port."""
        with self._pool.connection() as connection:
            row = connection.execute(_FIND, (bytes.fromhex(sha256),)).fetchone()
        return FoundInvitation(*row) if row else None

    def waiting_ones(self, workspace_id: UUID) -> list[OpenInvitation]:
        """Return the open invitations of a workspace, the oldest first."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            rows = cursor.execute(_LIST, (workspace_id,)).fetchall()
        return [
            OpenInvitation(
                invitation_id=invitation_id,
                email=self._open(workspace_id, invitation_id, sealed),
                role=role,
                invited_by=invited_by,
                invited_at=invited_at,
                expires_at=expires_at,
            )
            for invitation_id, role, invited_by, invited_at, expires_at, sealed in rows
        ]

    def unfinished(self) -> list[UnfinishedInvitation]:
        """Return those with something left to do, of all workspaces; only for workers."""
        with self._pool.connection() as connection:
            rows = connection.execute(_UNFINISHED).fetchall()
        return [UnfinishedInvitation(*row) for row in rows]

    def forget(self, workspace_id: UUID, invitation_id: UUID) -> None:
        """Destroy the key of an ended invitation, so that the log cannot tell the address."""
        self._vault.destroy(workspace_id, invitation_id)
        with tenant_scope(self._pool, workspace_id) as cursor:
            cursor.execute(_FORGOTTEN, (workspace_id, invitation_id))

    def _address_key(self, email: str) -> bytes:
        checked = self._checker.check(email)
        if not isinstance(checked, ValidAddress):
            raise TypeError("an invitation's address was checked before it came here")
        return self._keys.of(checked)

    def _open(self, workspace_id: UUID, invitation_id: UUID, sealed: bytes) -> str | None:
        return open_text(self._vault, workspace_id, invitation_id, sealed, purpose=PURPOSE)


def _key(workspace_id: UUID, invitation_id: UUID) -> dict[str, object]:
    return {"workspace_id": workspace_id, "invitation_id": invitation_id}
