"""Write routes of members; for people alone, since roles are theirs."""

from uuid import UUID

from litestar import delete, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.http.ports import SignedIn
from commands.ports import EventLog
from commands.tenancy.change_member_role import ChangeMemberRole, change_member_role
from commands.tenancy.leave_workspace import LeaveWorkspace, leave_workspace
from commands.tenancy.ports import Members
from commands.tenancy.remove_member import RemoveMember, remove_member
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.members import NewRole


@put(
    "/v1/workspace/members/{user_id:uuid}/role",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "members:manage", "people": True},
    summary="Change a member's role",
    tags=["members"],
)
def put_member_role(
    user_id: FromPath[UUID],
    data: JSONBody[NewRole],
    person: NamedDependency[SkipValidation[SignedIn]],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    members: NamedDependency[SkipValidation[Members]],
) -> Accepted:
    """Nobody gives or takes a role above his own, and an owner stays: 409 `last_owner`."""
    command = ChangeMemberRole(user_id=user_id, role=data.role, by=person.user_id)
    return Accepted(id=user_id, position=change_member_role(command, context, log, members))


@delete(
    "/v1/workspace/members/{user_id:uuid}",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "members:manage", "people": True},
    summary="Remove a member",
    tags=["members"],
)
def delete_member(
    user_id: FromPath[UUID],
    person: NamedDependency[SkipValidation[SignedIn]],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    members: NamedDependency[SkipValidation[Members]],
) -> Accepted:
    """The person is refused from the next request on."""
    command = RemoveMember(user_id=user_id, by=person.user_id)
    return Accepted(id=user_id, position=remove_member(command, context, log, members))


@post(
    "/v1/workspace/leave",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "workspace:read", "people": True},
    summary="Leave the workspace",
    tags=["members"],
)
def post_leave(
    person: NamedDependency[SkipValidation[SignedIn]],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    members: NamedDependency[SkipValidation[Members]],
) -> Accepted:
    """End your own membership; the last owner cannot."""
    command = LeaveWorkspace(user_id=person.user_id)
    return Accepted(
        id=context.workspace_id, position=leave_workspace(command, context, log, members)
    )
