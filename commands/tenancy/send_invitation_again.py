"""Mail the link of an invitation again: another one, for another seven days."""

from uuid import UUID

import msgspec

from commands.developer.secret import Secret
from commands.ports import EventLog, SystemMails
from commands.tenancy.invitation_mail import invitation_mail
from commands.tenancy.ports import Invitations
from domain.shared.context import Context
from domain.tenancy import invitations as decisions
from domain.tenancy.decider import WORKSPACE
from domain.tenancy.invitations import GOOD_FOR, open_invitation


class SendInvitationAgain(msgspec.Struct, frozen=True, kw_only=True):
    """Replace the link by a new one."""

    invitation_id: UUID
    by: UUID | None
    token: Secret


def send_invitation_again(
    command: SendInvitationAgain,
    context: Context,
    log: EventLog,
    invitations: Invitations,
    mails: SystemMails,
    *,
    public_url: str,
) -> int:
    """Record it and queue the mail; the links before are not good any more."""
    workspace_id, invitation_id = context.workspace_id, command.invitation_id
    workspace = log.state(WORKSPACE, workspace_id, context)
    invitation = open_invitation(workspace, invitation_id)
    expires_at = context.now + GOOD_FOR
    mail = invitation_mail(
        workspace,
        context,
        invitation_id=invitation_id,
        email=invitations.address(workspace_id, invitation_id) or "",
        role=invitation.role,
        token=command.token,
        expires_at=expires_at,
        public_url=public_url,
    )
    renew = invitations.renew(
        workspace_id, invitation_id, sha256=command.token.sha256, expires_at=expires_at
    )
    return log.decide(
        WORKSPACE,
        workspace_id,
        lambda state: decisions.send_again(
            state,
            invitation_id=invitation_id,
            token_sha256=command.token.sha256,
            expires_at=expires_at,
            by=command.by,
        ),
        context,
        effects=lambda _: [renew, mails.queue(mail)],
    )
