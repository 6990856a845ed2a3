"""Write routes of invitations."""

from uuid import UUID

from litestar import delete, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.developer.secret import Secret
from commands.http.ports import NewToken, SignedIn
from commands.ports import EventLog, SystemMails
from commands.tenancy.accept_invitation import AcceptInvitation, accept_invitation
from commands.tenancy.invite_member import InviteMember, invite_member
from commands.tenancy.ports import Invitations, Members, VerifiedAddresses
from commands.tenancy.revoke_invitation import RevokeInvitation, revoke_invitation
from commands.tenancy.send_invitation_again import SendInvitationAgain, send_invitation_again
from domain.contacts.email_address import AddressChecker
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.members import InvitationToken, NewInvitation


@post(
    "/v1/workspace/invitations",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "members:manage", "people": True},
    summary="Invite somebody",
    tags=["members"],
)
def post_invitation(
    data: JSONBody[NewInvitation],
    person: NamedDependency[SkipValidation[SignedIn]],
    context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    log: NamedDependency[SkipValidation[EventLog]],
    invitations: NamedDependency[SkipValidation[Invitations]],
    mails: NamedDependency[SkipValidation[SystemMails]],
    addresses: NamedDependency[SkipValidation[AddressChecker]],
    new_token: NamedDependency[SkipValidation[NewToken]],
    public_url: NamedDependency[str],
) -> Accepted:
    """Mail a link that is good once, for seven days; the same whether there is an account."""
    command = InviteMember(
        invitation_id=new_id,
        email=data.email,
        role=data.role,
        by=person.user_id,
        token=Secret(new_token()),
    )
    position = invite_member(
        command, context, log, invitations, mails, addresses, public_url=public_url
    )
    return Accepted(id=new_id, position=position)


@post(
    "/v1/workspace/invitations/{invitation_id:uuid}/resend",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "members:manage", "people": True},
    summary="Send an invitation again",
    tags=["members"],
)
def post_invitation_resend(
    invitation_id: FromPath[UUID],
    person: NamedDependency[SkipValidation[SignedIn]],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    invitations: NamedDependency[SkipValidation[Invitations]],
    mails: NamedDependency[SkipValidation[SystemMails]],
    new_token: NamedDependency[SkipValidation[NewToken]],
    public_url: NamedDependency[str],
) -> Accepted:
    """Mail another link for another seven days; those before are not good any more."""
    command = SendInvitationAgain(
        invitation_id=invitation_id, by=person.user_id, token=Secret(new_token())
    )
    position = send_invitation_again(
        command, context, log, invitations, mails, public_url=public_url
    )
    return Accepted(id=invitation_id, position=position)


@delete(
    "/v1/workspace/invitations/{invitation_id:uuid}",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "members:manage", "people": True},
    summary="Revoke an invitation",
    tags=["members"],
)
def delete_invitation(
    invitation_id: FromPath[UUID],
    person: NamedDependency[SkipValidation[SignedIn]],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    invitations: NamedDependency[SkipValidation[Invitations]],
) -> Accepted:
    """Its links are not good any more, and its address is forgotten."""
    command = RevokeInvitation(invitation_id=invitation_id, by=person.user_id)
    position = revoke_invitation(command, context, log, invitations)
    return Accepted(id=invitation_id, position=position)


@post(
    "/v1/invitations/accept",
    status_code=202,
    sync_to_thread=True,
    opt={"account": True},
    summary="Accept an invitation",
    tags=["members"],
)
def post_invitation_acceptance(
    data: JSONBody[InvitationToken],
    person: NamedDependency[SkipValidation[SignedIn]],
    account_context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    invitations: NamedDependency[SkipValidation[Invitations]],
    members: NamedDependency[SkipValidation[Members]],
    verified_addresses: NamedDependency[SkipValidation[VerifiedAddresses]],
) -> Accepted:
    """Join, if your verified address is the one that it was mailed to; else 404 whatever it is."""
    command = AcceptInvitation(user_id=person.user_id, token=Secret(data.token))
    joined = accept_invitation(
        command, account_context, log, invitations, members, verified_addresses
    )
    return Accepted(id=joined.workspace_id, position=joined.position)
