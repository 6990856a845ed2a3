"""Whose token is this? The only question that is asked without a workspace."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from infra.crypto.tokens import digest, is_well_formed
from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope

_USED = """
UPDATE api_tokens SET last_used_at = clock_timestamp()
 WHERE workspace_id = %s AND token_id = %s
   AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute')
"""


class TokenOwner(msgspec.Struct, frozen=True):
    """Which workspace and token a secret is of, and what it is good for.

    `scopes` is all it may do; None is the usual and `permissions`. `from_here` tells whether it
    may be used from this address, `unnoticed` whether its last noted use is a minute ago.
    """

    workspace_id: UUID
    token_id: UUID
    permissions: Sequence[str]
    scopes: Sequence[str] | None
    test: bool
    from_here: bool
    unnoticed: bool


class TokenLookup:
    """Asks the database each time, so that a revoked token is refused at once."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def owner(self, token: str, *, address: str | None = None) -> TokenOwner | None:
        """Return whose token it is; None when it is unknown, revoked, over or not one of ours.

        `address` is the client's, None when it has none: then no list of networks has it.
        """
        if not is_well_formed(token):
            return None
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT workspace_id, token_id, permissions, scopes, test, from_here, unnoticed"
                "  FROM authenticate_token(%s, %s::inet)",
                (digest(token), address),
            ).fetchone()
        return TokenOwner(*row) if row else None

    def note_use(self, owner: TokenOwner) -> None:
        """Write down that a token was used; lost with a crash of the database, never waited for."""
        with tenant_scope(self._pool, owner.workspace_id) as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
            cursor.execute(_USED, (owner.workspace_id, owner.token_id))
