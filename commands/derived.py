"""Commands that one command causes: each with an id of its own that a repeat finds again."""

from uuid import UUID

import msgspec

from domain.shared.context import Context
from domain.shared.ids import derive_id, time_ms_of


def derived(context: Context, what: bytes, *, workspace_id: UUID | None = None) -> Context:
    """Return the context of one part of a command, by the same actor; `what` tells the parts apart.

    Each command appends once, so what a command causes beside its own append needs another.
    """
    command = context.command_id
    return msgspec.structs.replace(
        context,
        workspace_id=workspace_id or context.workspace_id,
        command_id=derive_id(time_ms_of(command), command.bytes, what),
        causation_id=command,
    )
