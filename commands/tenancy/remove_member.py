"""End somebody's membership."""

from uuid import UUID

import msgspec

from commands.ports import EventLog
from commands.tenancy.member_effects import member_effects
from commands.tenancy.ports import Members
from domain.shared.context import Context
from domain.tenancy import members as decisions
from domain.tenancy.decider import WORKSPACE


class RemoveMember(msgspec.Struct, frozen=True, kw_only=True):
    """Refuse this person; `by` None is the installation's operator."""

    user_id: UUID
    by: UUID | None


def remove_member(command: RemoveMember, context: Context, log: EventLog, members: Members) -> int:
    """Record it; it holds from the person's next request on. Raises LastOwnerError."""
    return log.decide(
        WORKSPACE,
        context.workspace_id,
        lambda workspace: decisions.remove(workspace, user_id=command.user_id, by=command.by),
        context,
        effects=lambda events: list(member_effects(members, context.workspace_id, events)),
    )
