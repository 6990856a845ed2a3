"""End an invitation whose time is over."""

from uuid import UUID

import msgspec

from commands.ports import EventLog
from commands.tenancy.ports import Invitations
from domain.shared.context import Context
from domain.tenancy import invitations as decisions
from domain.tenancy.decider import WORKSPACE


class ExpireInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody came."""

    invitation_id: UUID


def expire_invitation(
    command: ExpireInvitation, context: Context, log: EventLog, invitations: Invitations
) -> int:
    """Record it and wipe the address; does nothing about one that has time or ended before."""
    end = invitations.end(context.workspace_id, command.invitation_id, state="expired")
    return log.decide(
        WORKSPACE,
        context.workspace_id,
        lambda workspace: decisions.expire(
            workspace, invitation_id=command.invitation_id, now=context.now
        ),
        context,
        effects=lambda _: [end],
    )
