"""The audit log as the API shows it."""

from datetime import datetime
from uuid import UUID

import msgspec

from schemas.http.fields import NextCursor


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of fact that one command recorded, and how many of them."""

    position: int
    recorded_at: datetime
    actor: str
    tag: str
    events: int
    object_id: UUID | None
    command_id: UUID
    correlation_id: UUID
    ip: str | None


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the audit log, newest first."""

    items: list[AuditLine]
    next: NextCursor
