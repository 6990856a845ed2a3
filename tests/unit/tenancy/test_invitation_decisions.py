"""Invitations: for a time, for one role, used once, and gone with their inviter's right."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from domain.shared.errors import (
    IllegalTransitionError,
    InvalidInputError,
    NotFoundError,
    PermissionMissingError,
)
from domain.tenancy import invitations
from domain.tenancy.decider import WORKSPACE, Workspace
from domain.tenancy.events import (
    InvitationExpired,
    InvitationRevoked,
    InvitationSentAgain,
    MemberInvited,
    MemberJoined,
    MemberRemoved,
    MemberRoleChanged,
    TenancyEvent,
)
from domain.tenancy.roles import Role
from tests.support.builders import NOW, workspace_created
from tests.support.scenario import Scenario

OWNER, ADMIN, GUEST, INVITATION = uuid4(), uuid4(), uuid4(), uuid4()
THERE = (
    workspace_created(uuid4()),
    MemberJoined(user_id=OWNER, role=Role.OWNER),
    MemberJoined(user_id=ADMIN, role=Role.ADMIN),
)
END = NOW + invitations.GOOD_FOR
INVITED = MemberInvited(
    invitation_id=INVITATION,
    role=Role.EDITOR,
    token_sha256="aa",
    expires_at=END,
    invited_by=ADMIN,
    email="ann@example.com",
)
AGAIN = InvitationSentAgain(
    invitation_id=INVITATION, token_sha256="bb", expires_at=END + timedelta(days=1)
)
JOINED = MemberJoined(user_id=GUEST, role=Role.EDITOR, invitation_id=INVITATION)

Decision = Callable[[Workspace], Sequence[TenancyEvent]]


def invite(**changes: object) -> Decision:
    invited = msgspec.structs.replace(INVITED, **changes)
    return lambda workspace: invitations.invite(workspace, invited=invited)


def accept(user: UUID = GUEST, late: timedelta = timedelta()) -> Decision:
    return lambda workspace: invitations.accept(
        workspace, invitation_id=INVITATION, user_id=user, now=NOW + late
    )


def again(workspace: Workspace) -> Sequence[TenancyEvent]:
    return invitations.send_again(
        workspace,
        invitation_id=INVITATION,
        token_sha256=AGAIN.token_sha256,
        expires_at=AGAIN.expires_at,
        by=ADMIN,
    )


def revoke(workspace: Workspace) -> Sequence[TenancyEvent]:
    return invitations.revoke(workspace, invitation_id=INVITATION, by=ADMIN)


def expire(late: timedelta) -> Decision:
    return lambda w: invitations.expire(w, invitation_id=INVITATION, now=END + late)


def test_an_admin_invites_and_the_invited_joins_once() -> None:
    Scenario(WORKSPACE).given(*THERE).when(invite()).then(INVITED)
    after = Scenario(WORKSPACE).given(*THERE, INVITED).when(accept()).then(JOINED)
    assert after.members[GUEST] is Role.EDITOR
    Scenario(WORKSPACE).given(*THERE, INVITED, JOINED).when(accept(uuid4())).refused(
        NotFoundError, "no such open invitation"
    )


def test_nobody_invites_above_himself_nor_into_nowhere_nor_twice() -> None:
    scenario = Scenario(WORKSPACE).given(*THERE)
    scenario.when(invite(role=Role.OWNER)).refused(PermissionMissingError, "your role")
    scenario.when(invite(role=Role.BILLING)).refused(PermissionMissingError, "your role")
    scenario.when(invite(invited_by=None, role=Role.OWNER)).then(
        msgspec.structs.replace(INVITED, invited_by=None, role=Role.OWNER)
    )
    Scenario(WORKSPACE).when(invite()).refused(NotFoundError, "no such workspace")
    Scenario(WORKSPACE).given(*THERE, INVITED).when(invite()).refused(
        IllegalTransitionError, "exists already"
    )


def test_so_many_can_be_open() -> None:
    many = [
        msgspec.structs.replace(INVITED, invitation_id=uuid4())
        for _ in range(invitations.MOST_OPEN)
    ]
    Scenario(WORKSPACE).given(*THERE, *many).when(invite()).refused(InvalidInputError, "are open")


@pytest.mark.parametrize(
    "meanwhile",
    [
        MemberRemoved(user_id=ADMIN),
        MemberRoleChanged(user_id=ADMIN, role=Role.VIEWER, before=Role.ADMIN),
    ],
    ids=["removed", "demoted"],
)
def test_an_invitation_is_gone_with_its_inviters_right(meanwhile: TenancyEvent) -> None:
    Scenario(WORKSPACE).given(*THERE, INVITED, meanwhile).when(accept()).refused(
        NotFoundError, "not good any more"
    )


def test_who_comes_late_or_belongs_already_does_not_join() -> None:
    scenario = Scenario(WORKSPACE).given(*THERE, INVITED)
    scenario.when(accept(late=invitations.GOOD_FOR)).refused(NotFoundError, "not good any more")
    scenario.when(accept(OWNER)).refused(IllegalTransitionError, "already")


def test_it_is_mailed_again_for_longer_but_not_for_ever() -> None:
    after = Scenario(WORKSPACE).given(*THERE, INVITED).when(again).then(AGAIN)
    assert after.invitations[INVITATION].expires_at == AGAIN.expires_at
    Scenario(WORKSPACE).given(*THERE, INVITED, AGAIN).when(accept(late=invitations.GOOD_FOR)).then(
        JOINED
    )
    Scenario(WORKSPACE).given(*THERE, INVITED, *[AGAIN] * (invitations.MOST_MAILS - 1)).when(
        again
    ).refused(InvalidInputError, "mailed 5 times")
    Scenario(WORKSPACE).given(*THERE).when(again).refused(NotFoundError, "no such open")


def test_what_is_revoked_or_over_lets_nobody_in() -> None:
    revoked = InvitationRevoked(invitation_id=INVITATION)
    over = InvitationExpired(invitation_id=INVITATION)
    Scenario(WORKSPACE).given(*THERE, INVITED).when(revoke).then(revoked)
    Scenario(WORKSPACE).given(*THERE, INVITED).when(expire(timedelta())).then(over)
    Scenario(WORKSPACE).given(*THERE, INVITED).when(expire(-timedelta(seconds=1))).then()
    for end in (revoked, over):
        ended = Scenario(WORKSPACE).given(*THERE, INVITED, end)
        ended.when(accept()).refused(NotFoundError, "no such open")
        ended.when(expire(timedelta())).then()


def test_an_admin_does_not_revoke_an_owners_invitation() -> None:
    above = msgspec.structs.replace(INVITED, role=Role.OWNER, invited_by=OWNER)
    Scenario(WORKSPACE).given(*THERE, above).when(revoke).refused(
        PermissionMissingError, "your role"
    )
