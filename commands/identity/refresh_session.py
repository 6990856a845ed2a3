"""Exchange a refresh token; one that was exchanged long ago ends the session."""

from uuid import UUID

from commands.identity.begin_session import OpenedSession
from commands.identity.end_session import end_session
from commands.identity.ports import (
    AccessTokens,
    Asking,
    ReusedTokenError,
    Sessions,
    TokenRefusedError,
)
from commands.ports import EventLog
from domain.identity.events import SessionEnd
from domain.shared.context import Context


def refresh_session(
    token: str, context: Context, log: EventLog, sessions: Sessions, access: AccessTokens
) -> OpenedSession:
    """Return new tokens. Raises TokenRefusedError; a copied token ends the session for both."""
    try:
        found = sessions.refresh(token)
    except ReusedTokenError as reused:
        reason = SessionEnd.TOKEN_REUSED
        end_session(reused.session_id, context, log, sessions, owner=None, reason=reason)
        raise TokenRefusedError("the session has ended: sign in again") from None
    fresh, expires_in_s = access.issue(
        found.user_id, found.session_id, found.workspace_id, now=context.now
    )
    return OpenedSession(
        user_id=found.user_id,
        session_id=found.session_id,
        workspace_id=found.workspace_id,
        access_token=fresh,
        expires_in_s=expires_in_s,
        refresh_token=found.refresh_token,
    )


def enter_workspace(
    asking: Asking,
    workspace_id: UUID,
    context: Context,
    sessions: Sessions,
    access: AccessTokens,
) -> tuple[str, int]:
    """Return an access token for another workspace of the person. Raises NotFoundError."""
    sessions.home_of(asking.user_id, workspace_id)
    sessions.enter(asking.session_id, workspace_id)
    return access.issue(asking.user_id, asking.session_id, workspace_id, now=context.now)
