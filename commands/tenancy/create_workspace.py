"""Found a workspace."""

from uuid import UUID

import msgspec

from commands.ports import EventLog
from domain.shared.context import Context
from domain.tenancy import decider
from domain.tenancy.decider import WORKSPACE


class CreateWorkspace(msgspec.Struct, frozen=True, kw_only=True):
    """A company gets a place of its own."""

    workspace_id: UUID
    name: str
    sender_name: str
    sender_address: str
    postal_address: str


def create_workspace(command: CreateWorkspace, context: Context, log: EventLog) -> int:
    """Record the founding. Raises InvalidInputError for what is missing."""
    return log.decide(
        WORKSPACE,
        command.workspace_id,
        lambda workspace: decider.create(
            workspace,
            workspace_id=command.workspace_id,
            name=command.name,
            sender_name=command.sender_name,
            sender_address=command.sender_address,
            postal_address=command.postal_address,
        ),
        context,
    )
