"""Call a workspace by another name."""

import msgspec

from commands.ports import EventLog
from domain.shared.context import Context
from domain.tenancy import profile
from domain.tenancy.decider import WORKSPACE


class RenameWorkspace(msgspec.Struct, frozen=True, kw_only=True):
    """Another name for its people."""

    name: str


def rename_workspace(command: RenameWorkspace, context: Context, log: EventLog) -> int:
    """Record it; the same again changes nothing."""
    return log.decide(
        WORKSPACE,
        context.workspace_id,
        lambda workspace: profile.rename(workspace, name=command.name),
        context,
    )
