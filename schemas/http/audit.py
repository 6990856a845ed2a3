"""The audit log as the API shows it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.fields import NextCursor


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of fact that one command recorded of one object, and how many of them."""

    position: Annotated[int, msgspec.Meta(description="Of the first of these facts.")]
    last_position: int
    recorded_at: datetime
    actor: Annotated[str, msgspec.Meta(description="token:<id>, cli, worker:<name>, contact:<id>")]
    command: Annotated[
        str,
        msgspec.Meta(
            description="What was asked: an operationId of this API, a verb of the command line, "
            "a worker or a policy; empty for what older releases recorded."
        ),
    ]
    tag: str
    events: int
    object_type: str
    object_id: UUID
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None
    ip: Annotated[str | None, msgspec.Meta(description="Truncated to /24 (IPv4) or /48 (IPv6).")]


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the audit log, newest first."""

    items: list[AuditLine]
    next: NextCursor
