"""The life of a session: it begins when somebody signs in, and ends once."""

from typing import assert_never
from uuid import UUID

import msgspec

from domain.identity.events import SessionBegan, SessionEnd, SessionEnded, SessionEvent
from domain.shared.errors import IllegalTransitionError, NotFoundError
from domain.shared.model import StreamModel


class Session(msgspec.Struct, frozen=True):
    """What later decisions need to know."""

    user_id: UUID | None = None
    ended: bool = False


def begin(
    session: Session, *, session_id: UUID, user_id: UUID, second_factor: bool, client: str
) -> list[SessionEvent]:
    """Let somebody in."""
    if session.user_id is not None:
        raise IllegalTransitionError("a session with this id exists already")
    return [
        SessionBegan(
            session_id=session_id, user_id=user_id, second_factor=second_factor, client=client
        )
    ]


def end(
    session: Session, *, session_id: UUID, reason: SessionEnd, owner: UUID | None = None
) -> list[SessionEvent]:
    """End it, if it is the `owner`'s or nobody in particular asks; says nothing the second time."""
    if session.user_id is None or owner not in {None, session.user_id}:
        raise NotFoundError("there is no such session")
    if session.ended:
        return []
    return [SessionEnded(session_id=session_id, user_id=session.user_id, reason=reason)]


def evolve(session: Session, event: SessionEvent) -> Session:
    """Fold one fact of a session."""
    match event:
        case SessionBegan(user_id=user_id):
            return Session(user_id=user_id)
        case SessionEnded():
            return msgspec.structs.replace(session, ended=True)
        case _:
            assert_never(event)


SESSION: StreamModel[Session, SessionEvent] = StreamModel(
    name="session", initial=Session(), evolve=evolve
)
