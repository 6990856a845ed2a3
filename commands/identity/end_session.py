"""End sessions: this one, another one, all of them."""

from collections.abc import Sequence
from uuid import UUID

from commands.identity.ports import Sessions
from commands.ports import EventLog
from domain.identity import session
from domain.identity.events import SessionEnd
from domain.identity.session import SESSION
from domain.shared.context import Context
from domain.shared.errors import NotFoundError
from domain.shared.ids import derive_id, time_ms_of


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
    user_id: UUID,
    context: Context,
    log: EventLog,
    sessions: Sessions,
    *,
    reason: SessionEnd,
    but: UUID | None = None,
) -> Sequence[UUID]:
    """End all sessions of a person `but` one; each is a command derived from this one."""
    ended = [running for running in sessions.running(user_id) if running != but]
    for session_id in ended:
        command_id = derive_id(
            time_ms_of(context.command_id), context.command_id.bytes, session_id.bytes
        )
        one = Context(
            workspace_id=context.workspace_id,
            actor=context.actor,
            now=context.now,
            command_id=command_id,
            correlation_id=context.correlation_id,
            causation_id=context.command_id,
            ip=context.ip,
            command=context.command,
        )
        end_session(session_id, one, log, sessions, owner=user_id, reason=reason)
    return ended
