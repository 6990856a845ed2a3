"""Disable an account, enable it again, or delete it with everything personal in it."""

from uuid import UUID

from commands.identity.end_session import end_sessions
from commands.identity.ports import Accounts, Sessions
from commands.ports import EventLog
from domain.identity import account
from domain.identity.account import ACCOUNT
from domain.identity.events import SessionEnd
from domain.shared.context import Context


def disable_account(
    user_id: UUID,
    context: Context,
    log: EventLog,
    accounts: Accounts,
    sessions: Sessions,
    *,
    reason: str,
) -> None:
    """Keep it from signing in, and end its sessions. Raises NotFoundError."""
    running = sessions.running(user_id)
    log.decide(
        ACCOUNT,
        user_id,
        lambda state: account.disable(state, user_id=user_id, reason=reason),
        context,
        effects=lambda _: [accounts.disabled(user_id, disabled=True), sessions.end_all(user_id)],
    )
    closed = SessionEnd.ACCOUNT_CLOSED
    end_sessions(running, context, log, sessions, owner=user_id, reason=closed)


def enable_account(user_id: UUID, context: Context, log: EventLog, accounts: Accounts) -> None:
    """Let it sign in again. Raises NotFoundError."""
    log.decide(
        ACCOUNT,
        user_id,
        lambda state: account.enable(state, user_id=user_id),
        context,
        effects=lambda _: [accounts.disabled(user_id, disabled=False)],
    )


def delete_account(
    user_id: UUID,
    context: Context,
    log: EventLog,
    accounts: Accounts,
    sessions: Sessions,
    *,
    left_before: bool = False,
) -> None:
    """Close it for good, then destroy the person's key (crypto-shredding).

    Raises IllegalTransitionError while a workspace would be left without an owner; not for who
    `left_before`, and is back by an older backup.
    """
    owned = 0 if left_before else accounts.last_owner_of(user_id)
    log.decide(
        ACCOUNT,
        user_id,
        lambda state: account.delete(state, user_id=user_id, last_owner_of=owned),
        context,
        effects=lambda _: [accounts.removed(user_id)],
    )
    finish_leaving(user_id, context, log, accounts, sessions)


def finish_leaving(
    user_id: UUID, context: Context, log: EventLog, accounts: Accounts, sessions: Sessions
) -> None:
    """Do what follows AccountDeleted; whoever is interrupted is followed by the scheduler."""
    running = sessions.running(user_id)
    closed = SessionEnd.ACCOUNT_CLOSED
    end_sessions(running, context, log, sessions, owner=user_id, reason=closed)
    accounts.forget(user_id)
