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


def end_session(
    session_id: UUID,
    context: Context,
    log: EventLog,
    sessions: Sessions,
    *,
    owner: UUID | None,
    reason: SessionEnd,
) -> int:
    """End one session; the second time changes nothing.

    Raises NotFoundError, also where it is not the `owner`'s; without one nobody is asked for.
    """
    return log.decide(
        SESSION,
        session_id,
        lambda state: session.end(state, session_id=session_id, reason=reason, owner=owner),
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
        one = derived(context, session_id.bytes)
        end_session(session_id, one, log, sessions, owner=owner, reason=reason)
