"""Contexts for tests: who asks, in which workspace."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from domain.shared.context import Context


def asking(workspace_id: UUID, *, command_id: UUID | None = None, actor: str = "test") -> Context:
    command = command_id or uuid4()
    return Context(
        workspace_id=workspace_id,
        actor=actor,
        now=datetime.now(UTC),
        command_id=command,
        correlation_id=command,
    )
