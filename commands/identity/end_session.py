"""End sessions: this one, another one, all of them."""

from collections.abc import Sequence
from uuid import UUID

from commands.derived import derived
from commands.identity.ports import Sessions
from commands.ports import EventLog
from domain.identity import session
from domain.identity.events import SessionEnd
from domain.identity.session import SESSION
from domain.shared.context import Context
from domain.shared.errors import NotFoundError


def end_session(
    session_id: UUID,
    context: Context,
    log: EventLog,
    sessions: Sessions,
    *,
    owner: UUID,
    reason: SessionEnd,
) -> int:
    """End one session of a person; the second time changes nothing. Raises NotFoundError."""
    if log.state(SESSION, session_id, context).user_id != owner:
        raise NotFoundError("there is no such session")
    return log.decide(
        SESSION,
        session_id,
        lambda state: session.end(state, session_id=session_id, reason=reason),
        context,
        effects=lambda _: [sessions.end(session_id)],
    )


def end_sessions(
    ended: Sequence[UUID],
    context: Context,
    log: EventLog,
    sessions: Sessions,
    *,
    owner: UUID,
    reason: SessionEnd,
) -> None:
    """End sessions of one person; each is a command derived from this one."""
    for session_id in ended:
        one = derived(context, session_id)
        end_session(session_id, one, log, sessions, owner=owner, reason=reason)
