"""Accounts and sessions as the API takes and shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.fields import Line, Request

Email = Annotated[str, msgspec.Meta(min_length=3, max_length=320, description="An e-mail address.")]
Password = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=1024, description="At least 8 characters; any, exactly as typed."
    ),
]
Token = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class NewAccount(Request, frozen=True, kw_only=True):
    """Who wants an account."""

    email: Email
    password: Password


class AddressOnly(Request, frozen=True, kw_only=True):
    """Whom to mail."""

    email: Email


class TokenOnly(Request, frozen=True, kw_only=True):
    """The secret that stood behind the `#` of a mailed link."""

    token: Token


class NewPassword(Request, frozen=True, kw_only=True):
    """A password for the secret of a mailed link."""

    token: Token
    password: Password


class PasswordChange(Request, frozen=True, kw_only=True):
    """Another password, by who knows the one of now."""

    current_password: Password
    new_password: Password


class PasswordOnly(Request, frozen=True, kw_only=True):
    """Asked again before what cannot be undone."""

    password: Password


class Credentials(Request, frozen=True, kw_only=True):
    """Who signs in. With `cookie` the refresh token comes as a cookie that no script can read."""

    email: Email
    password: Password
    workspace_id: UUID | None = None
    cookie: bool = False


class ForeignToken(Request, frozen=True, kw_only=True):
    """The access token of a Supabase project, to be exchanged for a session of ours."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=16_384)]
    workspace_id: UUID | None = None
    cookie: bool = False

    def __repr__(self) -> str:
        """Show no token."""
        return "ForeignToken(***)"


class RefreshRequest(Request, frozen=True, kw_only=True):
    """The refresh token of a program; a browser sends its cookie instead."""

    refresh_token: Line | None = None


class WorkspaceChoice(Request, frozen=True, kw_only=True):
    """Which workspace to go to."""

    workspace_id: UUID


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """It was taken; whatever else there is to say comes by mail."""

    accepted: bool = True


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens of a session, or the challenge that the second factor answers.

    Without `workspace_id` the token is good for the account alone: choose or found a workspace.
    """

    second_factor_required: bool = False
    challenge: str | None = None
    user_id: UUID | None = None
    session_id: UUID | None = None
    workspace_id: UUID | None = None
    access_token: str | None = None
    refresh_token: str | None = None
    expires_in_s: int


class WorkspaceToken(msgspec.Struct, frozen=True, kw_only=True):
    """An access token for another workspace of the same session."""

    workspace_id: UUID
    access_token: str
    expires_in_s: int


class RunningSession(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody is signed in; `ip` is truncated."""

    session_id: UUID
    began_at: datetime
    used_at: datetime
    ends_at: datetime
    second_factor: bool
    ip: str | None
    client: str
    current: bool


class RunningSessions(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, newest first."""

    items: list[RunningSession]


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """Where the person is a member, and as what."""

    workspace_id: UUID
    role: str


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """The account of who asks."""

    user_id: UUID
    email: str
    second_factor: bool
    operator: bool
    workspace_id: UUID | None
    memberships: list[Membership]


class KeySet(msgspec.Struct, frozen=True, kw_only=True):
    """The public keys of access tokens (RFC 7517)."""

    keys: list[dict[str, str]]
