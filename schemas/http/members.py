"""Members and invitations as the API takes and shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from domain.tenancy.roles import Role
from schemas.http.fields import NextCursor, Request
from schemas.http.tenancy import EmailAddress


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person of the workspace."""

    user_id: UUID
    role: Role
    joined_at: datetime


class MemberPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of members, by their ids."""

    items: list[Member]
    next: NextCursor


class NewRole(Request, frozen=True, kw_only=True):
    """What the member is to be; at most what you are yourself."""

    role: Role


class NewInvitation(Request, frozen=True, kw_only=True):
    """Whom to invite, as what; the answer is the same whether the address has an account."""

    email: EmailAddress
    role: Role

    def __repr__(self) -> str:
        """Show no address."""
        return f"NewInvitation({self.role})"


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """One that nobody used so far."""

    invitation_id: UUID
    email: str | None
    role: Role
    invited_by: str
    invited_at: datetime
    expires_at: datetime


class Invitations(msgspec.Struct, frozen=True, kw_only=True):
    """All that are open, the oldest first."""

    items: list[Invitation]


class InvitationToken(Request, frozen=True, kw_only=True):
    """What stands behind `#token=` in the mailed link."""

    token: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{43}$")]

    def __repr__(self) -> str:
        """Show nothing of it."""
        return "InvitationToken(***)"
