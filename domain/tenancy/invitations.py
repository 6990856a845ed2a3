"""Inviting somebody by an address: for a time, for one role, used once."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.shared.errors import IllegalTransitionError, InvalidInputError, NotFoundError
from domain.tenancy.decider import Invitation, Workspace
from domain.tenancy.events import (
    InvitationExpired,
    InvitationRevoked,
    InvitationSentAgain,
    MemberInvited,
    MemberJoined,
    TenancyEvent,
)
from domain.tenancy.members import may_grant, require_may_grant

GOOD_FOR = timedelta(days=7)
MOST_OPEN = 100
"""Open invitations of one workspace: mail to strangers is not for bulk."""
MOST_MAILS = 5


def invite(workspace: Workspace, *, invited: MemberInvited) -> list[TenancyEvent]:
    """Let whoever has the address join with a role that the inviter may give."""
    if not workspace.exists:
        raise NotFoundError("there is no such workspace")
    if invited.invitation_id in workspace.invitations:
        raise IllegalTransitionError("an invitation with this id exists already")
    require_may_grant(workspace, invited.invited_by, invited.role)
    if len(workspace.invitations) >= MOST_OPEN:
        raise InvalidInputError(f"{MOST_OPEN} invitations are open: revoke some, or wait for them")
    return [invited]


def send_again(
    workspace: Workspace,
    *,
    invitation_id: UUID,
    token_sha256: str,
    expires_at: datetime,
    by: UUID | None,
) -> list[TenancyEvent]:
    """Mail another link, which replaces those before."""
    invitation = open_invitation(workspace, invitation_id)
    require_may_grant(workspace, by, invitation.role)
    if invitation.mails >= MOST_MAILS:
        raise InvalidInputError(
            f"this invitation was mailed {MOST_MAILS} times: revoke it and invite again"
        )
    return [
        InvitationSentAgain(
            invitation_id=invitation_id, token_sha256=token_sha256, expires_at=expires_at
        )
    ]


def revoke(workspace: Workspace, *, invitation_id: UUID, by: UUID | None) -> list[TenancyEvent]:
    """Take it back."""
    require_may_grant(workspace, by, open_invitation(workspace, invitation_id).role)
    return [InvitationRevoked(invitation_id=invitation_id)]


def accept(
    workspace: Workspace, *, invitation_id: UUID, user_id: UUID, now: datetime
) -> list[TenancyEvent]:
    """Join. The inviter must still be somebody who may give the role.

    An invitation is gone with its inviter's right to it, so that nobody leaves a door behind.
    """
    invitation = open_invitation(workspace, invitation_id)
    if now >= invitation.expires_at or not may_grant(
        workspace, invitation.invited_by, invitation.role
    ):
        raise NotFoundError("this invitation is not good any more: ask for another")
    if user_id in workspace.members:
        raise IllegalTransitionError("you belong to this workspace already")
    return [MemberJoined(user_id=user_id, role=invitation.role, invitation_id=invitation_id)]


def expire(workspace: Workspace, *, invitation_id: UUID, now: datetime) -> list[TenancyEvent]:
    """End it when its time is over; says nothing about one that ended before, or has time."""
    invitation = workspace.invitations.get(invitation_id)
    if invitation is None or now < invitation.expires_at:
        return []
    return [InvitationExpired(invitation_id=invitation_id)]


def open_invitation(workspace: Workspace, invitation_id: UUID) -> Invitation:
    """Return the invitation. Raises NotFoundError when it is used, revoked or expired."""
    invitation = workspace.invitations.get(invitation_id)
    if invitation is None:
        raise NotFoundError("there is no such open invitation in this workspace")
    return invitation
