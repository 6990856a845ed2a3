"""Which workspaces there are, for the operator's commands."""

from datetime import datetime
from uuid import UUID

import msgspec

from infra.postgres.connections import Pool


class KnownWorkspace(msgspec.Struct, frozen=True):
    """A workspace as an operator sees it."""

    workspace_id: UUID
    name: str
    sender_address: str
    created_at: datetime


def known_workspaces(pool: Pool) -> list[KnownWorkspace]:
    """Return all workspaces, the oldest first; only for the worker's role."""
    with pool.connection() as connection:
        rows = connection.execute(
            "SELECT workspace_id, name, sender_address, created_at FROM workspaces"
            " ORDER BY created_at"
        ).fetchall()
    return [KnownWorkspace(*row) for row in rows]
