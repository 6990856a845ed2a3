"""Is this session good, and what is the person in this workspace? Asked on each request."""

from datetime import datetime
from uuid import UUID

import msgspec

from infra.postgres.connections import Pool
from infra.postgres.sessions import IDLE


class GoodSession(msgspec.Struct, frozen=True):
    """When it began, how strongly, and as what."""

    began_at: datetime
    second_factor: bool
    operator: bool
    role: str | None


class SessionLookup:
    """Asks the database each time, so that whatever is revoked or changed holds at once."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def find(
        self, session_id: UUID, user_id: UUID, workspace_id: UUID | None
    ) -> GoodSession | None:
        """Return the session; None when it ended, or its account is closed."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT began_at, second_factor, operator, role"
                "  FROM authenticate_session(%s, %s, %s, %s)",
                (session_id, user_id, workspace_id, IDLE),
            ).fetchone()
        return GoodSession(*row) if row else None
