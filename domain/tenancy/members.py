"""Who belongs to a workspace, and who may change that. There is always an owner."""

from uuid import UUID

from domain.shared.errors import DomainError, NotFoundError, PermissionMissingError
from domain.tenancy.decider import Workspace
from domain.tenancy.events import MemberLeft, MemberRemoved, MemberRoleChanged, TenancyEvent
from domain.tenancy.roles import MAY_GRANT, Role


class LastOwnerError(DomainError):
    """The workspace would be without an owner."""

    code = "last_owner"

    def __init__(self) -> None:
        super().__init__("this is the last owner: make somebody else an owner first")


def change_role(
    workspace: Workspace, *, user_id: UUID, role: Role, by: UUID | None
) -> list[TenancyEvent]:
    """Let a member do other things. `by` None is the installation's operator."""
    before = role_of(workspace, user_id)
    require_may_grant(workspace, by, before, role)
    if before == role:
        return []
    if role is not Role.OWNER:
        _keep_an_owner(workspace, user_id)
    return [MemberRoleChanged(user_id=user_id, role=role, before=before)]


def remove(workspace: Workspace, *, user_id: UUID, by: UUID | None) -> list[TenancyEvent]:
    """End somebody's membership."""
    require_may_grant(workspace, by, role_of(workspace, user_id))
    _keep_an_owner(workspace, user_id)
    return [MemberRemoved(user_id=user_id)]


def leave(workspace: Workspace, *, user_id: UUID) -> list[TenancyEvent]:
    """End one's own membership."""
    role_of(workspace, user_id)
    _keep_an_owner(workspace, user_id)
    return [MemberLeft(user_id=user_id)]


def role_of(workspace: Workspace, user_id: UUID) -> Role:
    """Return a member's role. Raises NotFoundError."""
    role = workspace.members.get(user_id)
    if role is None:
        raise NotFoundError("there is no such member in this workspace")
    return role


def may_grant(workspace: Workspace, by: UUID | None, *roles: Role) -> bool:
    """Tell whether somebody may give and take these roles as the workspace is now."""
    if by is None:
        return True
    own = workspace.members.get(by)
    return own is not None and MAY_GRANT[own].issuperset(roles)


def require_may_grant(workspace: Workspace, by: UUID | None, *roles: Role) -> None:
    """Refuse what is above one's own role. Raises PermissionMissingError."""
    if not may_grant(workspace, by, *roles):
        raise PermissionMissingError("your role may not give or take this one: ask an owner")


def _keep_an_owner(workspace: Workspace, user_id: UUID) -> None:
    owners = {user for user, role in workspace.members.items() if role is Role.OWNER}
    if owners == {user_id}:
        raise LastOwnerError
