"""Found a workspace as a person, who owns it from then on."""

from uuid import UUID

import msgspec

from commands.ports import EventLog
from commands.tenancy.member_effects import member_effects
from commands.tenancy.ports import Members
from domain.shared.context import Context
from domain.tenancy import decider
from domain.tenancy.decider import WORKSPACE


class FoundWorkspace(msgspec.Struct, frozen=True, kw_only=True):
    """A person gets a place for a company; what the law asks for is asked in the onboarding."""

    workspace_id: UUID
    name: str
    founder: UUID


def found_workspace(
    command: FoundWorkspace, context: Context, log: EventLog, members: Members
) -> int:
    """Record founding and ownership in the new workspace's own scope."""
    workspace_id = command.workspace_id
    return log.decide(
        WORKSPACE,
        workspace_id,
        lambda workspace: decider.found(
            workspace, workspace_id=workspace_id, name=command.name, founder=command.founder
        ),
        msgspec.structs.replace(context, workspace_id=workspace_id),
        effects=lambda events: list(member_effects(members, workspace_id, events)),
        fresh=True,
    )
