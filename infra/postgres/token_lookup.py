"""Whose token is this? The only question that is asked without a workspace."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from infra.crypto.tokens import digest, is_well_formed
from infra.postgres.connections import Pool


class TokenOwner(msgspec.Struct, frozen=True):
    """The workspace that a token acts for, the token's id, and what it may beyond the usual."""

    workspace_id: UUID
    token_id: UUID
    permissions: Sequence[str]


class TokenLookup:
    """Asks the database each time, so that a revoked token is refused at once."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def owner(self, token: str) -> TokenOwner | None:
        """Return whose token it is; None when it is unknown, revoked or not one of ours."""
        if not is_well_formed(token):
            return None
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT workspace_id, token_id, permissions FROM authenticate_token(%s)",
                (digest(token),),
            ).fetchone()
        return TokenOwner(*row) if row else None
