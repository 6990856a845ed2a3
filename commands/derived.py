"""Commands that one command causes: each with an id of its own that a repeat finds again."""

from uuid import UUID

import msgspec

from domain.shared.context import Context
from domain.shared.ids import derive_id, time_ms_of


def derived(context: Context, about: UUID, *, workspace_id: UUID | None = None) -> Context:
    """Return the context of the part of a command that is about one thing, of the same actor."""
    command = context.command_id
    return msgspec.structs.replace(
        context,
        workspace_id=workspace_id or context.workspace_id,
        command_id=derive_id(time_ms_of(command), command.bytes, about.bytes),
        causation_id=command,
    )
