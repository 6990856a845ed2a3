"""Which address an account has proved to be its person's, by its key alone."""

from uuid import UUID

from domain.shared.platform import PLATFORM
from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope

_KEY = """
SELECT address_key FROM accounts
 WHERE workspace_id = %s AND user_id = %s AND verified AND NOT disabled AND removed_at IS NULL
"""


class VerifiedAddresses:
    """The port `commands.tenancy.ports.VerifiedAddresses`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def key_of(self, user_id: UUID) -> bytes | None:
        """See the port."""
        with tenant_scope(self._pool, PLATFORM) as cursor:
            row = cursor.execute(_KEY, (PLATFORM, user_id)).fetchone()
        return bytes(row[0]) if row else None
