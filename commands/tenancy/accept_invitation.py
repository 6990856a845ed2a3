"""Join the workspace that one is invited to."""

import hmac
from uuid import UUID

import msgspec

from commands.developer.secret import Secret
from commands.ports import EventLog
from commands.tenancy.member_effects import member_effects
from commands.tenancy.ports import Invitations, Members, VerifiedAddresses
from domain.shared.context import Context
from domain.shared.errors import NotFoundError
from domain.tenancy import invitations as decisions
from domain.tenancy.decider import WORKSPACE


class AcceptInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """This person has the token, and the verified address that it was mailed to."""

    user_id: UUID
    token: Secret


class Joined(msgspec.Struct, frozen=True):
    """Which workspace, and where the log is."""

    workspace_id: UUID
    position: int


def accept_invitation(
    command: AcceptInvitation,
    context: Context,
    log: EventLog,
    invitations: Invitations,
    members: Members,
    addresses: VerifiedAddresses,
) -> Joined:
    """Record it in the workspace's scope; of two that come at once, one joins.

    Raises NotFoundError alike for every token that is not good for this person.
    """
    found = invitations.find(command.token.sha256)
    own = addresses.key_of(command.user_id)
    if found is None or own is None or not hmac.compare_digest(found.address_key, own):
        raise NotFoundError("there is no such invitation for your address")
    workspace_id, invitation_id = found.workspace_id, found.invitation_id
    position = log.decide(
        WORKSPACE,
        workspace_id,
        lambda workspace: decisions.accept(
            workspace, invitation_id=invitation_id, user_id=command.user_id, now=context.now
        ),
        msgspec.structs.replace(context, workspace_id=workspace_id),
        effects=lambda events: [
            *member_effects(members, workspace_id, events),
            invitations.end(workspace_id, invitation_id, state="accepted"),
        ],
    )
    return Joined(workspace_id, position)
