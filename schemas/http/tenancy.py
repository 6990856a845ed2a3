"""Workspaces as the API shows them."""

from datetime import datetime
from uuid import UUID

import msgspec


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends, and from which postal address."""

    workspace_id: UUID
    name: str
    sender_name: str
    sender_address: str
    postal_address: str
    created_at: datetime
