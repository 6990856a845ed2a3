"""Begin a session: whoever showed all that was asked gets its tokens."""

from uuid import UUID

import msgspec

from commands.identity.ports import AccessTokens, NewSession, Sessions
from commands.ports import Effect, EventLog
from domain.identity import session
from domain.identity.session import SESSION
from domain.shared.context import Context


class OpenedSession(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens of a session: shown once, kept nowhere."""

    user_id: UUID
    session_id: UUID
    workspace_id: UUID | None
    access_token: str
    expires_in_s: int
    refresh_token: str

    def __repr__(self) -> str:
        """Show the id alone."""
        return f"OpenedSession({self.session_id})"


class Opener(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs in, with what, and to which workspace."""

    session_id: UUID
    user_id: UUID
    password_epoch: int | None = None
    second_factor: bool = False
    workspace_id: UUID | None = None
    client: str = ""


def begin_session(
    opener: Opener,
    context: Context,
    log: EventLog,
    sessions: Sessions,
    access: AccessTokens,
    *,
    effects: tuple[Effect, ...] = (),
) -> OpenedSession:
    """Record the session; `effects` go with it: the challenge that is used up.

    Raises NotFoundError when the person is no member of the workspace they want.
    """
    home = sessions.home_of(opener.user_id, opener.workspace_id)
    new = NewSession(
        session_id=opener.session_id,
        user_id=opener.user_id,
        password_epoch=opener.password_epoch,
        second_factor=opener.second_factor,
        workspace_id=home,
        ip=context.ip,
        client=opener.client,
    )
    refresh_token, good = sessions.begin(new)
    log.decide(
        SESSION,
        opener.session_id,
        lambda state: session.begin(
            state,
            session_id=opener.session_id,
            user_id=opener.user_id,
            second_factor=opener.second_factor,
            client=opener.client,
        ),
        context,
        effects=lambda _: [good, *effects],
        fresh=True,
    )
    token, expires_in_s = access.issue(opener.user_id, opener.session_id, home, now=context.now)
    return OpenedSession(
        user_id=opener.user_id,
        session_id=opener.session_id,
        workspace_id=home,
        access_token=token,
        expires_in_s=expires_in_s,
        refresh_token=refresh_token,
    )
