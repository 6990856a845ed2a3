"""The table of identities elsewhere, by a keyed digest of issuer and subject."""

from uuid import UUID

from domain.shared.ids import derive_id
from domain.shared.platform import PLATFORM
from infra.crypto.derive import derive_key, mac
from infra.postgres.sql_effect import SqlEffect
from infra.settings import Secret

KEY_BYTES = 32
_ADD = """
INSERT INTO linked_identities (workspace_id, identity_key, user_id)
VALUES (%(workspace_id)s, %(identity_key)s, %(user_id)s)
ON CONFLICT (workspace_id, identity_key) DO NOTHING
"""


class PostgresLinkedIdentities:
    """The port `commands.identity.link_account.LinkedIdentities`."""

    def __init__(self, secret_key: Secret) -> None:
        self._key = derive_key(secret_key, "linked-identities")

    def stream_id(self, issuer: str, subject: str) -> UUID:
        """See the port."""
        return derive_id(0, b"linked-identity", self._digest(issuer, subject))

    def add(self, user_id: UUID, *, issuer: str, subject: str) -> SqlEffect:
        """See the port."""
        key = self._digest(issuer, subject)
        return SqlEffect(_ADD, {"workspace_id": PLATFORM, "identity_key": key, "user_id": user_id})

    def _digest(self, issuer: str, subject: str) -> bytes:
        return mac(self._key, f"{issuer}\x00{subject}".encode(), length=KEY_BYTES)
