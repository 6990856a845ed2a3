"""A session begins once and ends once."""

from uuid import uuid4

from domain.identity import session
from domain.identity.events import SessionBegan, SessionEnd, SessionEnded, SessionEvent
from domain.identity.session import SESSION, Session
from domain.shared.errors import IllegalTransitionError, NotFoundError
from tests.support.scenario import Scenario

ANN, HERE = uuid4(), uuid4()
BEGAN = SessionBegan(session_id=HERE, user_id=ANN, second_factor=True, client="Firefox, Linux")
ENDED = SessionEnded(session_id=HERE, user_id=ANN, reason=SessionEnd.REVOKED)


def begin(state: Session) -> list[SessionEvent]:
    return session.begin(
        state, session_id=HERE, user_id=ANN, second_factor=True, client="Firefox, Linux"
    )


def end(state: Session) -> list[SessionEvent]:
    return session.end(state, session_id=HERE, reason=SessionEnd.REVOKED)


def test_a_session_begins_once() -> None:
    assert Scenario(SESSION).when(begin).then(BEGAN) == Session(user_id=ANN)
    Scenario(SESSION).given(BEGAN, ENDED).when(begin).refused(IllegalTransitionError, "already")


def test_a_session_ends_once() -> None:
    assert Scenario(SESSION).given(BEGAN).when(end).then(ENDED).ended
    Scenario(SESSION).given(BEGAN, ENDED).when(end).then()
    Scenario(SESSION).when(end).refused(NotFoundError, "no such session")
