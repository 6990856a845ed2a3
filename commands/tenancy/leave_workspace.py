"""End one's own membership."""

from uuid import UUID

import msgspec

from commands.ports import EventLog
from commands.tenancy.member_effects import member_effects
from commands.tenancy.ports import Members
from domain.shared.context import Context
from domain.tenancy import members as decisions
from domain.tenancy.decider import WORKSPACE


class LeaveWorkspace(msgspec.Struct, frozen=True, kw_only=True):
    """This person goes."""

    user_id: UUID


def leave_workspace(
    command: LeaveWorkspace, context: Context, log: EventLog, members: Members
) -> int:
    """Record it. Raises LastOwnerError."""
    return log.decide(
        WORKSPACE,
        context.workspace_id,
        lambda workspace: decisions.leave(workspace, user_id=command.user_id),
        context,
        effects=lambda events: list(member_effects(members, context.workspace_id, events)),
    )
