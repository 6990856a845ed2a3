"""Who may change who belongs to a workspace; there is always an owner."""

from collections.abc import Callable, Sequence
from itertools import product
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.errors import (
    DomainError,
    IllegalTransitionError,
    InvalidInputError,
    NotFoundError,
    PermissionMissingError,
)
from domain.tenancy import decider, members
from domain.tenancy.decider import WORKSPACE, Workspace
from domain.tenancy.events import (
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    MemberRoleChanged,
    TenancyEvent,
    WorkspaceCreated,
)
from domain.tenancy.members import LastOwnerError
from domain.tenancy.roles import MAY_GRANT, ROLE_PERMISSIONS, Role
from tests.support.builders import workspace_created
from tests.support.scenario import Scenario

HERE, STRANGER = uuid4(), uuid4()
PEOPLE = {role: uuid4() for role in Role}
CREATED = workspace_created(HERE)
JOINED = tuple(MemberJoined(user_id=user, role=role) for role, user in PEOPLE.items())

Decision = Callable[[Workspace], Sequence[TenancyEvent]]


def change(user: UUID, role: Role, by: UUID | None) -> Decision:
    return lambda workspace: members.change_role(workspace, user_id=user, role=role, by=by)


def test_the_table_of_who_grants_what_is_the_order_of_what_they_may_do() -> None:
    for giver, role in product(Role, Role):
        grants = role in MAY_GRANT[giver]
        assert not grants or ROLE_PERMISSIONS[role] <= ROLE_PERMISSIONS[giver]
        manages = "members:manage" in ROLE_PERMISSIONS[giver]
        assert grants == (manages and ROLE_PERMISSIONS[role] <= ROLE_PERMISSIONS[giver])


@pytest.mark.parametrize(("giver", "before", "after"), list(product(Role, Role, Role)))
def test_a_role_is_given_and_taken_by_whoever_may_do_both(
    giver: Role, before: Role, after: Role
) -> None:
    """A second owner is there, so that the last one is not what is refused."""
    other = uuid4()
    scenario = Scenario(WORKSPACE).given(CREATED, *JOINED, MemberJoined(user_id=other, role=before))
    asked = scenario.when(change(other, after, PEOPLE[giver]))
    if not MAY_GRANT[giver] >= {before, after}:
        asked.refused(PermissionMissingError, "your role may not")
    elif before == after:
        asked.then()
    else:
        asked.then(MemberRoleChanged(user_id=other, role=after, before=before))


def test_who_is_not_there_changes_nobody_and_is_not_changed() -> None:
    scenario = Scenario(WORKSPACE).given(CREATED, *JOINED)
    scenario.when(change(PEOPLE[Role.VIEWER], Role.EDITOR, STRANGER)).refused(
        PermissionMissingError, "ask an owner"
    )
    scenario.when(change(STRANGER, Role.EDITOR, PEOPLE[Role.OWNER])).refused(
        NotFoundError, "no such member"
    )


def test_the_operator_of_the_installation_may_all() -> None:
    viewer = PEOPLE[Role.VIEWER]
    after = (
        Scenario(WORKSPACE)
        .given(CREATED, *JOINED)
        .when(change(viewer, Role.OWNER, None))
        .then(MemberRoleChanged(user_id=viewer, role=Role.OWNER, before=Role.VIEWER))
    )
    assert after.members[viewer] is Role.OWNER


@pytest.mark.parametrize(
    "ask",
    [
        lambda w: members.leave(w, user_id=PEOPLE[Role.OWNER]),
        lambda w: members.remove(w, user_id=PEOPLE[Role.OWNER], by=None),
        change(PEOPLE[Role.OWNER], Role.ADMIN, PEOPLE[Role.OWNER]),
    ],
    ids=["leave", "remove", "change"],
)
def test_the_last_owner_stays(ask: Decision) -> None:
    Scenario(WORKSPACE).given(CREATED, *JOINED).when(ask).refused(LastOwnerError, "last owner")


def test_one_of_two_owners_may_go() -> None:
    first, second = PEOPLE[Role.OWNER], uuid4()
    given = (CREATED, *JOINED, MemberJoined(user_id=second, role=Role.OWNER))
    after = (
        Scenario(WORKSPACE)
        .given(*given)
        .when(lambda w: members.leave(w, user_id=first))
        .then(MemberLeft(user_id=first))
    )
    assert first not in after.members
    removed = lambda w: members.remove(w, user_id=second, by=first)  # noqa: E731
    after = Scenario(WORKSPACE).given(*given).when(removed).then(MemberRemoved(user_id=second))
    assert second not in after.members


def test_an_admin_removes_an_editor_but_no_owner() -> None:
    scenario = Scenario(WORKSPACE).given(CREATED, *JOINED)
    admin, editor, owner = (PEOPLE[role] for role in (Role.ADMIN, Role.EDITOR, Role.OWNER))
    scenario.when(lambda w: members.remove(w, user_id=editor, by=admin)).then(
        MemberRemoved(user_id=editor)
    )
    scenario.when(lambda w: members.remove(w, user_id=owner, by=admin)).refused(
        PermissionMissingError, "your role may not"
    )


def test_who_founds_a_workspace_owns_it() -> None:
    founder = uuid4()

    def found(name: str) -> Decision:
        return lambda w: decider.found(w, workspace_id=HERE, name=name, founder=founder)

    after = (
        Scenario(WORKSPACE)
        .when(found(" Acme "))
        .then(
            WorkspaceCreated(
                workspace_id=HERE,
                name="Acme",
                sender_name="Acme",
                sender_address="",
                postal_address="",
            ),
            MemberJoined(user_id=founder, role=Role.OWNER),
        )
    )
    assert after.members == {founder: Role.OWNER}
    Scenario(WORKSPACE).when(found(" ")).refused(InvalidInputError, "needs a name")
    Scenario(WORKSPACE).given(CREATED).when(found("Acme")).refused(
        IllegalTransitionError, "exists already"
    )


USERS = [UUID(int=number) for number in range(1, 5)]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["change", "remove", "leave"]),
        st.sampled_from(USERS),
        st.sampled_from(USERS),
        st.sampled_from(list(Role)),
    ),
    max_size=25,
)


@given(roles=st.lists(st.sampled_from(list(Role)), min_size=3, max_size=3), steps=STEPS)
def test_whatever_is_asked_there_is_an_owner_and_nobody_raises_himself(
    roles: list[Role], steps: list[tuple[str, UUID, UUID, Role]]
) -> None:
    given_roles = [Role.OWNER, *roles]
    events: list[TenancyEvent] = [
        CREATED,
        *(MemberJoined(user_id=u, role=r) for u, r in zip(USERS, given_roles, strict=True)),
    ]
    workspace = WORKSPACE.fold(events)
    for what, by, user, role in steps:
        before = workspace.members
        try:
            decided = {
                "change": lambda: members.change_role(workspace, user_id=user, role=role, by=by),  # noqa: B023
                "remove": lambda: members.remove(workspace, user_id=user, by=by),  # noqa: B023
                "leave": lambda: members.leave(workspace, user_id=by),  # noqa: B023
            }[what]()
        except DomainError:
            continue
        for event in decided:
            workspace = WORKSPACE.evolve(workspace, event)
        assert Role.OWNER in workspace.members.values()
        for changed in workspace.members.keys() & before.keys():
            if workspace.members[changed] != before[changed]:
                gained = ROLE_PERMISSIONS[workspace.members[changed]]
                assert gained <= ROLE_PERMISSIONS[before[by]], "nobody gives what he has not"
                own = ROLE_PERMISSIONS[before[changed]]
                assert changed != by or gained <= own, "nobody raises himself"
