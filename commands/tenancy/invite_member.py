"""Invite somebody to a workspace by an address."""

from uuid import UUID

import msgspec

from commands.developer.secret import Secret
from commands.ports import EventLog, SystemMails
from commands.tenancy.choose_sender import valid_address
from commands.tenancy.invitation_mail import invitation_mail
from commands.tenancy.ports import Invitations
from domain.contacts.email_address import AddressChecker
from domain.shared.context import Context
from domain.shared.errors import IllegalTransitionError
from domain.tenancy import invitations as decisions
from domain.tenancy.decider import WORKSPACE
from domain.tenancy.events import MemberInvited
from domain.tenancy.roles import Role


class InviteMember(msgspec.Struct, frozen=True, kw_only=True):
    """Mail a link that lets in whoever has this address; `by` None is the operator."""

    invitation_id: UUID
    email: str
    role: Role
    by: UUID | None
    token: Secret


def invite_member(
    command: InviteMember,
    context: Context,
    log: EventLog,
    invitations: Invitations,
    mails: SystemMails,
    addresses: AddressChecker,
    *,
    public_url: str,
) -> int:
    """Record it and queue the mail. Nothing here asks whether the address has an account."""
    email = valid_address(command.email, addresses)
    waiting = invitations.waiting(context.workspace_id, email)
    if waiting not in (None, command.invitation_id):
        raise IllegalTransitionError("this address is invited: send that invitation again")
    invited = MemberInvited(
        invitation_id=command.invitation_id,
        role=command.role,
        token_sha256=command.token.sha256,
        expires_at=context.now + decisions.GOOD_FOR,
        invited_by=command.by,
        email=email,
    )
    mail = invitation_mail(
        log.state(WORKSPACE, context.workspace_id, context),
        context,
        invitation_id=command.invitation_id,
        email=email,
        role=command.role,
        token=command.token,
        expires_at=invited.expires_at,
        public_url=public_url,
    )
    return log.decide(
        WORKSPACE,
        context.workspace_id,
        lambda workspace: decisions.invite(workspace, invited=invited),
        context,
        effects=lambda _: [
            invitations.open(context.workspace_id, invited, invited_by=context.actor),
            mails.queue(mail),
        ],
    )
