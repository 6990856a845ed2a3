"""The context of a worker that acts by itself, with a command id that makes a repeat harmless."""

from uuid import UUID

from domain.shared.context import Context
from infra import clock


def acting(
    worker: str,
    workspace_id: UUID,
    command_id: UUID,
    *,
    causation_id: UUID | None = None,
    correlation_id: UUID | None = None,
) -> Context:
    """Return the context; `command_id` is derived from what the command is about."""
    return Context(
        workspace_id=workspace_id,
        actor=f"worker:{worker}",
        now=clock.now(),
        command_id=command_id,
        correlation_id=correlation_id or causation_id or command_id,
        causation_id=causation_id,
        command=worker,
    )
