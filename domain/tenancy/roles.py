"""What each role may do in a workspace: the one table of permissions."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a member is in a workspace."""

    OWNER = "owner"
    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"
    BILLING = "billing"


_VIEW = frozenset(
    {
        "workspace:read",
        "contacts:read",
        "templates:read",
        "campaigns:read",
        "messages:read",
        "delivery:read",
    }
)
_EDIT = _VIEW | {
    "contacts:write",
    "templates:write",
    "campaigns:write",
    "campaigns:send",
}
_ADMINISTER = _EDIT | {
    "workspace:write",
    "contacts:erase",
    "delivery:manage",
    "audit:read",
    "audit:export",
    "keys:manage",
    "members:manage",
    "members:read",
    "privacy:export",
    "privacy:manage",
}
_OWN = _ADMINISTER | {"personal:open"}
_PAY = frozenset({"workspace:read", "billing:manage"})

ROLE_PERMISSIONS: Mapping[Role, frozenset[str]] = MappingProxyType(
    {
        Role.OWNER: _OWN | _PAY,
        Role.ADMIN: _ADMINISTER,
        Role.EDITOR: _EDIT,
        Role.VIEWER: _VIEW,
        Role.BILLING: _PAY,
    }
)
MAY_GRANT: Mapping[Role, frozenset[Role]] = MappingProxyType(
    {
        Role.OWNER: frozenset(Role),
        Role.ADMIN: frozenset({Role.ADMIN, Role.EDITOR, Role.VIEWER}),
        Role.EDITOR: frozenset(),
        Role.VIEWER: frozenset(),
        Role.BILLING: frozenset(),
    }
)
"""Which roles a member may give, and take from whoever has them: none that can do what he cannot.

owner > admin > editor > viewer; billing stands beside, under owner alone.
"""
VIEWING_PERMISSIONS = _VIEW
"""What a super-admin may do who looks into a workspace: read what a viewer reads."""
PERMISSIONS = frozenset[str]().union(*ROLE_PERMISSIONS.values())
"""Every permission that somebody can have; a route that asks for another one cannot start."""
