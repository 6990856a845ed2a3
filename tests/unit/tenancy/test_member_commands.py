"""Commands about members and invitations: what they record, and what goes with it."""

from uuid import UUID, uuid4

import msgspec
import pytest

from commands.developer.secret import Secret
from commands.tenancy.accept_invitation import AcceptInvitation, Joined, accept_invitation
from commands.tenancy.change_member_role import ChangeMemberRole, change_member_role
from commands.tenancy.choose_postal_address import ChoosePostalAddress, choose_postal_address
from commands.tenancy.choose_sender import ChooseSender, choose_sender
from commands.tenancy.choose_time_zone import ChooseTimeZone, choose_time_zone
from commands.tenancy.expire_invitation import ExpireInvitation, expire_invitation
from commands.tenancy.found_workspace import FoundWorkspace, found_workspace
from commands.tenancy.invite_member import InviteMember, invite_member
from commands.tenancy.leave_all_workspaces import leave_all_workspaces
from commands.tenancy.leave_workspace import LeaveWorkspace, leave_workspace
from commands.tenancy.name_brand import NameBrand, name_brand
from commands.tenancy.ports import FoundInvitation
from commands.tenancy.remove_member import RemoveMember, remove_member
from commands.tenancy.rename_workspace import RenameWorkspace, rename_workspace
from commands.tenancy.revoke_invitation import RevokeInvitation, revoke_invitation
from commands.tenancy.send_invitation_again import SendInvitationAgain, send_invitation_again
from domain.shared.errors import IllegalTransitionError, InvalidInputError, NotFoundError
from domain.tenancy.decider import WORKSPACE, Workspace
from domain.tenancy.events import InvitationExpired, MemberInvited, MemberJoined
from domain.tenancy.invitations import GOOD_FOR
from domain.tenancy.members import LastOwnerError
from domain.tenancy.roles import Role
from infra.email_addresses import EmailValidator
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.memory_ports import (
    MemoryInvitations,
    MemoryMembers,
    MemorySystemMails,
    MemoryVerifiedAddresses,
    Said,
)

HERE, OWNER, GUEST, INVITATION = uuid4(), uuid4(), uuid4(), uuid4()
TOKEN = Secret("t" * 43)
FOUND = FoundInvitation(HERE, INVITATION, b"ann")


@pytest.fixture
def log() -> MemoryEventLog:
    log = MemoryEventLog()
    command = FoundWorkspace(workspace_id=HERE, name="Acme", founder=OWNER)
    found_workspace(command, asking(uuid4()), log, MemoryMembers())
    return log


def now_in(log: MemoryEventLog) -> Workspace:
    return log.state(WORKSPACE, HERE, asking(HERE))


def invite(
    log: MemoryEventLog, mails: MemorySystemMails, *, waiting: UUID | None = None, to: str = "ann"
) -> None:
    command = InviteMember(
        invitation_id=INVITATION,
        email=f" {to}@example.com ",
        role=Role.EDITOR,
        by=OWNER,
        token=TOKEN,
    )
    invite_member(
        command,
        asking(HERE, actor="user:1"),
        log,
        MemoryInvitations(waiting=waiting),
        mails,
        EmailValidator(),
        public_url="https://mail.example",
    )


def test_founding_is_recorded_in_the_new_workspaces_own_scope(log: MemoryEventLog) -> None:
    assert {workspace for workspace, _, _ in log.events} == {HERE}
    assert log.effects == [Said("let in as owner", (HERE, OWNER))]


def test_roles_change_and_members_go(log: MemoryEventLog) -> None:
    members = MemoryMembers()
    accepted = MemberJoined(user_id=GUEST, role=Role.OWNER)
    log.decide(WORKSPACE, HERE, lambda _: [accepted], asking(HERE))
    log.effects.clear()
    change = ChangeMemberRole(user_id=OWNER, role=Role.ADMIN, by=GUEST)
    change_member_role(change, asking(HERE), log, members)
    remove_member(RemoveMember(user_id=OWNER, by=GUEST), asking(HERE), log, members)
    again = MemberJoined(user_id=OWNER, role=Role.OWNER)
    log.decide(WORKSPACE, HERE, lambda _: [again], asking(HERE))
    leave_workspace(LeaveWorkspace(user_id=GUEST), asking(HERE), log, members)
    assert log.effects == [
        Said("let in as admin", (HERE, OWNER)),
        Said("refuse", (HERE, OWNER)),
        Said("refuse", (HERE, GUEST)),
    ]
    assert now_in(log).members == {OWNER: Role.OWNER}


def test_an_invitation_is_mailed_with_its_link_in_the_fragment(log: MemoryEventLog) -> None:
    mails = MemorySystemMails()
    invite(log, mails)
    (mail,) = mails.queued
    assert mail.to_address == "ann@example.com"
    assert mail.values["link"] == f"https://mail.example/invitation#token={TOKEN.text}"
    assert (mail.values["workspace"], mail.values["role"]) == ("Acme", "editor")
    invited = log.events[-1][2]
    assert isinstance(invited, MemberInvited)
    assert TOKEN.text not in msgspec.json.encode(invited).decode()
    assert log.effects[-2:] == [
        Said("open", (HERE, INVITATION, "user:1")),
        Said("mail invitation", mail),
    ]


def test_an_address_is_invited_once_and_must_be_one(log: MemoryEventLog) -> None:
    with pytest.raises(IllegalTransitionError, match="send that invitation again"):
        invite(log, MemorySystemMails(), waiting=uuid4())
    with pytest.raises(InvalidInputError, match="no e-mail address"):
        invite(log, MemorySystemMails(), to="a b")


def test_it_is_mailed_again_with_another_link(log: MemoryEventLog) -> None:
    mails = MemorySystemMails()
    invite(log, mails)
    command = SendInvitationAgain(invitation_id=INVITATION, by=OWNER, token=Secret("u" * 43))
    context = asking(HERE)
    send_invitation_again(
        command, context, log, MemoryInvitations(), mails, public_url="https://mail.example"
    )
    assert mails.queued[-1].to_address == "ann@example.com"
    assert mails.queued[-1].values["link"].endswith("u" * 43)
    renewed = (HERE, INVITATION, command.token.sha256, context.now + GOOD_FOR)
    assert log.effects[-2] == Said("renew", renewed)


def test_it_is_revoked(log: MemoryEventLog) -> None:
    invite(log, MemorySystemMails())
    command = RevokeInvitation(invitation_id=INVITATION, by=OWNER)
    revoke_invitation(command, asking(HERE), log, MemoryInvitations())
    assert log.effects[-1] == Said("end: revoked", (HERE, INVITATION))
    assert now_in(log).invitations == {}


def test_it_expires_when_its_time_is_over(log: MemoryEventLog) -> None:
    invite(log, MemorySystemMails())
    command, context = ExpireInvitation(invitation_id=INVITATION), asking(HERE)
    before = len(log.events)
    expire_invitation(command, context, log, MemoryInvitations())
    assert len(log.events) == before
    late = msgspec.structs.replace(context, now=context.now + GOOD_FOR, command_id=uuid4())
    expire_invitation(command, late, log, MemoryInvitations())
    assert log.events[-1][2] == InvitationExpired(invitation_id=INVITATION)
    assert log.effects[-1] == Said("end: expired", (HERE, INVITATION))


def accept(
    log: MemoryEventLog, found: FoundInvitation | None, own: bytes | None = b"ann"
) -> Joined:
    command = AcceptInvitation(user_id=GUEST, token=TOKEN)
    return accept_invitation(
        command,
        asking(uuid4()),
        log,
        MemoryInvitations(found),
        MemoryMembers(),
        MemoryVerifiedAddresses(own),
    )


def test_who_has_token_and_address_joins(log: MemoryEventLog) -> None:
    invite(log, MemorySystemMails())
    joined = accept(log, FOUND)
    assert (joined.workspace_id, joined.position) == (HERE, len(log.events))
    assert log.effects[-2:] == [
        Said("let in as editor", (HERE, GUEST)),
        Said("end: accepted", (HERE, INVITATION)),
    ]


@pytest.mark.parametrize(
    ("found", "own"),
    [(None, b"ann"), (FOUND, None), (FOUND, b"bob")],
    ids=["no token", "not verified", "another"],
)
def test_any_other_token_or_address_is_refused_alike(
    log: MemoryEventLog, found: FoundInvitation | None, own: bytes | None
) -> None:
    invite(log, MemorySystemMails())
    with pytest.raises(NotFoundError, match=r"^there is no such invitation for your address$"):
        accept(log, found, own)
    assert GUEST not in now_in(log).members


def test_the_profile_is_changed_by_intent(log: MemoryEventLog) -> None:
    context = [asking(HERE) for _ in range(5)]
    rename_workspace(RenameWorkspace(name="Acme 2"), context[0], log)
    name_brand(NameBrand(brand_name="A!"), context[1], log)
    choose_postal_address(ChoosePostalAddress(postal_address="2 Main Street"), context[2], log)
    choose_time_zone(ChooseTimeZone(time_zone="Europe/Berlin"), context[3], log)
    sender = ChooseSender(sender_name="News", sender_address="news@acme.example")
    choose_sender(sender, context[4], log, EmailValidator())
    assert msgspec.to_builtins(now_in(log).profile) == {
        "name": "Acme 2",
        "brand_name": "A!",
        "postal_address": "2 Main Street",
        "time_zone": "Europe/Berlin",
        "sender_name": "News",
        "sender_address": "news@acme.example",
    }


def test_an_unknown_time_zone_and_a_broken_address_are_refused(log: MemoryEventLog) -> None:
    with pytest.raises(InvalidInputError, match="IANA"):
        choose_time_zone(ChooseTimeZone(time_zone="Middle/Earth"), asking(HERE), log)
    command = ChooseSender(sender_name="x", sender_address="x")
    with pytest.raises(InvalidInputError, match="no e-mail address"):
        choose_sender(command, asking(HERE), log, EmailValidator())


def test_who_closes_the_account_leaves_everything_or_nothing(log: MemoryEventLog) -> None:
    there = uuid4()
    found_workspace(
        FoundWorkspace(workspace_id=there, name="B", founder=GUEST),
        asking(uuid4()),
        log,
        MemoryMembers(),
    )
    joined = MemberJoined(user_id=GUEST, role=Role.OWNER)
    log.decide(WORKSPACE, HERE, lambda _: [joined], asking(HERE))
    context = asking(uuid4())
    with pytest.raises(LastOwnerError):
        leave_all_workspaces(GUEST, [HERE, there], context, log, MemoryMembers())
    assert set(now_in(log).members) == {OWNER, GUEST}
    leave_all_workspaces(GUEST, [HERE], context, log, MemoryMembers())
    assert set(now_in(log).members) == {OWNER}
