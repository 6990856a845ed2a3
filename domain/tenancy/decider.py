"""The life of a workspace: its founding, and how its facts fold."""

from datetime import datetime
from typing import assert_never
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.shared.errors import IllegalTransitionError, InvalidInputError
from domain.shared.model import StreamModel
from domain.tenancy.events import (
    BrandNamed,
    InvitationExpired,
    InvitationRevoked,
    InvitationSentAgain,
    MemberInvited,
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    MemberRoleChanged,
    OnboardingStepAnswered,
    OnboardingStepSkipped,
    PostalAddressChosen,
    SenderChosen,
    SendingDomainNamed,
    SendingPlanned,
    Step,
    TenancyEvent,
    TimeZoneChosen,
    WorkspaceCreated,
    WorkspaceRenamed,
)
from domain.tenancy.roles import Role


class Profile(msgspec.Struct, frozen=True):
    """Who sends, and from where. Sender and postal address are empty until they are chosen."""

    name: str
    sender_name: str
    sender_address: str
    postal_address: str
    brand_name: str = ""
    time_zone: str = ""


class Invitation(msgspec.Struct, frozen=True):
    """One that nobody used, revoked or let expire so far; `mails` is how often it was sent."""

    role: Role
    invited_by: UUID | None
    expires_at: datetime
    mails: int = 1


class Workspace(msgspec.Struct, frozen=True):
    """What later decisions need to know; the mappings are never changed in place."""

    profile: Profile | None = None
    members: dict[UUID, Role] = {}
    invitations: dict[UUID, Invitation] = {}
    answered: frozenset[Step] = frozenset()
    skipped: frozenset[Step] = frozenset()

    @property
    def exists(self) -> bool:
        """Whether it was founded."""
        return self.profile is not None


def create(
    workspace: Workspace,
    *,
    workspace_id: UUID,
    name: str,
    sender_name: str,
    sender_address: str,
    postal_address: str,
) -> list[TenancyEvent]:
    """Found a workspace. Raises InvalidInputError when what the law asks for is missing.

    The postal address stands in every commercial mail (CAN-SPAM Act, 15 U.S.C. 7704(a)(5)).
    """
    given = {"name": name, "sender_address": sender_address, "postal_address": postal_address}
    for field, value in given.items():
        if not value.strip():
            raise InvalidInputError(f"a workspace needs a {field}: pass a non-empty `{field}`")
    return _create(
        workspace,
        WorkspaceCreated(
            workspace_id=workspace_id,
            name=name.strip(),
            sender_name=sender_name.strip() or name.strip(),
            sender_address=sender_address.strip(),
            postal_address=postal_address.strip(),
        ),
    )


def found(
    workspace: Workspace, *, workspace_id: UUID, name: str, founder: UUID
) -> list[TenancyEvent]:
    """Found a workspace for a person, who owns it; sender and postal address are asked for later.

    No campaign can be frozen without them.
    """
    if not name.strip():
        raise InvalidInputError("a workspace needs a name: pass a non-empty `name`")
    created = WorkspaceCreated(
        workspace_id=workspace_id,
        name=name.strip(),
        sender_name=name.strip(),
        sender_address="",
        postal_address="",
    )
    return [*_create(workspace, created), MemberJoined(user_id=founder, role=Role.OWNER)]


def _create(workspace: Workspace, created: WorkspaceCreated) -> list[TenancyEvent]:
    if workspace.exists:
        raise IllegalTransitionError("a workspace with this id exists already")
    return [created]


def evolve(workspace: Workspace, event: TenancyEvent) -> Workspace:
    """Fold one fact of a workspace."""
    match event:
        case WorkspaceCreated():
            profile = Profile(
                name=event.name,
                sender_name=event.sender_name,
                sender_address=event.sender_address,
                postal_address=event.postal_address,
            )
            return replace(workspace, profile=profile)
        case (
            WorkspaceRenamed()
            | BrandNamed()
            | SenderChosen()
            | PostalAddressChosen()
            | TimeZoneChosen()
        ):
            changes = {name: getattr(event, name) for name in event.__struct_fields__}
            profile = workspace.profile or Profile("", "", "", "")
            return replace(workspace, profile=replace(profile, **changes))
        case MemberJoined() | MemberRoleChanged() | MemberRemoved() | MemberLeft():
            return _with_members(workspace, event)
        case MemberInvited() | InvitationSentAgain() | InvitationRevoked() | InvitationExpired():
            return replace(workspace, invitations=_invitations(workspace.invitations, event))
        case OnboardingStepAnswered() | OnboardingStepSkipped():
            return _with_step(workspace, event)
        case SendingDomainNamed() | SendingPlanned():
            return workspace  # nothing is decided by them
        case _:
            assert_never(event)


def _with_members(
    workspace: Workspace, event: MemberJoined | MemberRoleChanged | MemberRemoved | MemberLeft
) -> Workspace:
    others = {user: role for user, role in workspace.members.items() if user != event.user_id}
    if isinstance(event, MemberRemoved | MemberLeft):
        return replace(workspace, members=others)
    members = others | {event.user_id: event.role}
    if isinstance(event, MemberRoleChanged):
        return replace(workspace, members=members)
    left = {key: one for key, one in workspace.invitations.items() if key != event.invitation_id}
    return replace(workspace, members=members, invitations=left)


def _with_step(
    workspace: Workspace, event: OnboardingStepAnswered | OnboardingStepSkipped
) -> Workspace:
    if isinstance(event, OnboardingStepSkipped):
        return replace(workspace, skipped=workspace.skipped | {event.step})
    return replace(
        workspace,
        answered=workspace.answered | {event.step},
        skipped=workspace.skipped - {event.step},
    )


def _invitations(
    before: dict[UUID, Invitation],
    event: MemberInvited | InvitationSentAgain | InvitationRevoked | InvitationExpired,
) -> dict[UUID, Invitation]:
    others = {key: value for key, value in before.items() if key != event.invitation_id}
    if isinstance(event, InvitationRevoked | InvitationExpired):
        return others
    if isinstance(event, MemberInvited):
        made = Invitation(event.role, event.invited_by, event.expires_at)
        return others | {event.invitation_id: made}
    sent = before.get(event.invitation_id)
    if sent is None:
        return others  # history is believed, also one that no decision would write
    again = replace(sent, expires_at=event.expires_at, mails=sent.mails + 1)
    return others | {event.invitation_id: again}


WORKSPACE: StreamModel[Workspace, TenancyEvent] = StreamModel(
    name="workspace", initial=Workspace(), evolve=evolve
)
