"""Part a command that another one causes from it: each command appends once."""

import msgspec

from domain.shared.context import Context
from domain.shared.ids import derive_id, time_ms_of


def own_command(context: Context, name: bytes) -> Context:
    """Return the context of the command of this name that `context` causes, always the same."""
    command_id = context.command_id
    own = derive_id(time_ms_of(command_id), name, command_id.bytes)
    return msgspec.structs.replace(context, command_id=own, causation_id=command_id)
