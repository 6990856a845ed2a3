"""Write routes of sessions: sign in, refresh, switch workspace, sign out."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, delete, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import CookieParameter, FromPath, JSONBody, SkipValidation

from commands.identity.begin_session import OpenedSession
from commands.identity.end_session import end_session, end_sessions
from commands.identity.ports import Asking, TokenRefusedError
from commands.identity.refresh_session import enter_workspace, refresh_session
from commands.identity.sign_in import Challenge, Door, SignIn, sign_in
from commands.ports import EventLog
from domain.identity.events import SessionEnd
from domain.shared.context import Context
from schemas.http.identity import (
    Credentials,
    Done,
    RefreshRequest,
    SignedIn,
    WorkspaceChoice,
    WorkspaceToken,
)

TAGS = ["sessions"]
COOKIE = "__Host-refresh"
"""The prefix makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis, 4.1.3.2)."""
COOKIE_S = 14 * 86_400
RefreshCookie = Annotated[str | None, CookieParameter(name=COOKIE)]


@post(
    "/v1/sessions",
    status_code=200,
    sync_to_thread=True,
    opt={"public": True},
    summary="Sign in",
    tags=TAGS,
)
def post_session(
    data: JSONBody[Credentials],
    account_context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    client_label: NamedDependency[str],
    log: NamedDependency[SkipValidation[EventLog]],
    door: NamedDependency[SkipValidation[Door]],
) -> Response[SignedIn]:
    """Answer with tokens, or with a challenge where the account has a second factor."""
    command = SignIn(
        session_id=new_id,
        email=data.email,
        password=data.password,
        network=account_context.ip,
        workspace_id=data.workspace_id,
        client=client_label,
    )
    outcome = sign_in(command, account_context, log, door)
    return answered(outcome, cookie=data.cookie)


@post(
    "/v1/sessions/refresh",
    status_code=200,
    sync_to_thread=True,
    opt={"public": True},
    summary="Exchange a refresh token",
    tags=TAGS,
)
def post_refresh(
    data: JSONBody[RefreshRequest],
    account_context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    door: NamedDependency[SkipValidation[Door]],
    refresh_cookie: RefreshCookie = None,
) -> Response[SignedIn]:
    """Each token works once; one that comes back later than a lost answer ends the session."""
    token = data.refresh_token or refresh_cookie
    if not token:
        raise TokenRefusedError("send the refresh token, or the cookie that holds it")
    opened = refresh_session(token, account_context, log, door.sessions, door.access)
    return signed_in(opened, cookie=data.refresh_token is None)


@post(
    "/v1/sessions/workspace",
    status_code=200,
    sync_to_thread=True,
    opt={"account": True},
    summary="Go to another workspace",
    tags=TAGS,
)
def post_session_workspace(
    data: JSONBody[WorkspaceChoice],
    account_context: NamedDependency[SkipValidation[Context]],
    person: NamedDependency[SkipValidation[Asking]],
    door: NamedDependency[SkipValidation[Door]],
) -> WorkspaceToken:
    """Return an access token for a workspace that the person is a member of."""
    token, expires_in_s = enter_workspace(
        person, data.workspace_id, account_context, door.sessions, door.access
    )
    return WorkspaceToken(
        workspace_id=data.workspace_id, access_token=token, expires_in_s=expires_in_s
    )


@delete(
    "/v1/sessions/current",
    status_code=200,
    sync_to_thread=True,
    opt={"account": True},
    summary="Sign out",
    tags=TAGS,
)
def delete_current_session(
    account_context: NamedDependency[SkipValidation[Context]],
    person: NamedDependency[SkipValidation[Asking]],
    log: NamedDependency[SkipValidation[EventLog]],
    door: NamedDependency[SkipValidation[Door]],
) -> Response[Done]:
    """End this session on every process, and empty the browser's stores of it."""
    end_session(
        person.session_id,
        account_context,
        log,
        door.sessions,
        owner=person.user_id,
        reason=SessionEnd.SIGNED_OUT,
    )
    return _emptied()


@delete(
    "/v1/sessions",
    status_code=200,
    sync_to_thread=True,
    opt={"account": True},
    summary="Sign out everywhere",
    tags=TAGS,
)
def delete_sessions(
    account_context: NamedDependency[SkipValidation[Context]],
    person: NamedDependency[SkipValidation[Asking]],
    log: NamedDependency[SkipValidation[EventLog]],
    door: NamedDependency[SkipValidation[Door]],
) -> Response[Done]:
    """End all sessions of the person, this one too."""
    running = door.sessions.running(person.user_id)
    end_sessions(
        running,
        account_context,
        log,
        door.sessions,
        owner=person.user_id,
        reason=SessionEnd.EVERYWHERE,
    )
    return _emptied()


@delete(
    "/v1/sessions/{session_id:uuid}",
    status_code=200,
    sync_to_thread=True,
    opt={"account": True},
    summary="End one session",
    tags=TAGS,
)
def delete_session(
    session_id: FromPath[UUID],
    account_context: NamedDependency[SkipValidation[Context]],
    person: NamedDependency[SkipValidation[Asking]],
    log: NamedDependency[SkipValidation[EventLog]],
    door: NamedDependency[SkipValidation[Door]],
) -> Done:
    """End a session of the same person, on another machine."""
    end_session(
        session_id,
        account_context,
        log,
        door.sessions,
        owner=person.user_id,
        reason=SessionEnd.REVOKED,
    )
    return Done()


def answered(outcome: OpenedSession | Challenge, *, cookie: bool) -> Response[SignedIn]:
    """Return the tokens, or the challenge that a second factor answers."""
    if isinstance(outcome, OpenedSession):
        return signed_in(outcome, cookie=cookie)
    asked = SignedIn(
        second_factor_required=True, challenge=outcome.token, expires_in_s=outcome.expires_in_s
    )
    return Response(asked)


def signed_in(opened: OpenedSession, *, cookie: bool) -> Response[SignedIn]:
    """Return the tokens; in a browser the refresh token is for no script to read."""
    answer = SignedIn(
        user_id=opened.user_id,
        session_id=opened.session_id,
        workspace_id=opened.workspace_id,
        access_token=opened.access_token,
        refresh_token=None if cookie else opened.refresh_token,
        expires_in_s=opened.expires_in_s,
    )
    return Response(
        answer, cookies=[_refresh_cookie(opened.refresh_token, COOKIE_S)] if cookie else []
    )


def _emptied() -> Response[Done]:
    headers = {"Clear-Site-Data": '"cache", "cookies", "storage"'}
    return Response(Done(), headers=headers, cookies=[_refresh_cookie("", 0)])


def own_cookie(
    key: str, value: str, max_age_s: int, *, samesite: Literal["strict", "lax"]
) -> Cookie:
    """Return a cookie of ours: sent over TLS alone, to this host alone, read by no script."""
    return Cookie(
        key=key,
        value=value,
        max_age=max_age_s,
        path="/",
        secure=True,
        httponly=True,
        samesite=samesite,
    )


def _refresh_cookie(value: str, max_age_s: int) -> Cookie:
    return own_cookie(COOKIE, value, max_age_s, samesite="strict")
