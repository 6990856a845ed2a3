"""Let a member do other things."""

from uuid import UUID

import msgspec

from commands.ports import EventLog
from commands.tenancy.member_effects import member_effects
from commands.tenancy.ports import Members
from domain.shared.context import Context
from domain.tenancy import members as decisions
from domain.tenancy.decider import WORKSPACE
from domain.tenancy.roles import Role


class ChangeMemberRole(msgspec.Struct, frozen=True, kw_only=True):
    """Another role for a member; `by` None is the installation's operator."""

    user_id: UUID
    role: Role
    by: UUID | None


def change_member_role(
    command: ChangeMemberRole, context: Context, log: EventLog, members: Members
) -> int:
    """Record it; it holds from the member's next request on. Raises LastOwnerError."""
    return log.decide(
        WORKSPACE,
        context.workspace_id,
        lambda workspace: decisions.change_role(
            workspace, user_id=command.user_id, role=command.role, by=command.by
        ),
        context,
        effects=lambda events: list(member_effects(members, context.workspace_id, events)),
    )
