"""Take an invitation back."""

from uuid import UUID

import msgspec

from commands.ports import EventLog
from commands.tenancy.ports import Invitations
from domain.shared.context import Context
from domain.tenancy import invitations as decisions
from domain.tenancy.decider import WORKSPACE


class RevokeInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """Its links are not good any more; `by` None is the operator."""

    invitation_id: UUID
    by: UUID | None


def revoke_invitation(
    command: RevokeInvitation, context: Context, log: EventLog, invitations: Invitations
) -> int:
    """Record it and wipe the address; the scheduler destroys its key."""
    end = invitations.end(context.workspace_id, command.invitation_id, state="revoked")
    return log.decide(
        WORKSPACE,
        context.workspace_id,
        lambda workspace: decisions.revoke(
            workspace, invitation_id=command.invitation_id, by=command.by
        ),
        context,
        effects=lambda _: [end],
    )
