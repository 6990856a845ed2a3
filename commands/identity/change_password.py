"""Change a password, knowing the old one; reset it, by a mail; other sessions end either way."""

from uuid import UUID

from commands.identity.end_session import end_sessions
from commands.identity.letters import Letters
from commands.identity.password_check import checked_password
from commands.identity.ports import Accounts, FoundAccount, Purpose, SignInRefusedError
from commands.identity.sign_in import Door
from commands.ports import Effect, EventLog
from domain.identity import account
from domain.identity.account import ACCOUNT
from domain.identity.events import PasswordChange, SessionEnd
from domain.shared.context import Context
from domain.shared.errors import NotFoundError


def confirmed(user_id: UUID, password: str, door: Door) -> FoundAccount:
    """Return the account when the password is right: asked again before what cannot be undone.

    Counted like a sign-in. Raises SignInRefusedError and TooManyAttemptsError.
    """
    found = door.accounts.by_id(user_id)
    if found is not None:
        door.attempts.begin(found.email, None)
    if found is None or not door.passwords.verify(found.password_hash, password):
        raise SignInRefusedError("the current password is wrong")
    door.attempts.succeeded(found.email, None)
    return found


def change_password(
    found: FoundAccount,
    new: str,
    context: Context,
    log: EventLog,
    door: Door,
    letters: Letters,
    *,
    keep: UUID,
) -> None:
    """Take the new password; every session but the one to `keep` ends. Raises WeakPasswordError."""
    _take(found, new, context, log, door, letters, how=PasswordChange.CHANGED, keep=keep)


def request_reset(
    email: str, context: Context, log: EventLog, accounts: Accounts, letters: Letters
) -> None:
    """Mail a link, if there is an account; nobody learns whether."""
    found = accounts.by_address(accounts.checked(email))
    if found is None or found.disabled:
        return
    link = letters.with_link(Purpose.RESET_PASSWORD, found.user_id, found.email)
    log.decide(
        ACCOUNT,
        found.user_id,
        lambda state: account.request_reset(state, user_id=found.user_id),
        context,
        effects=lambda _: link,
    )


def reset_password(
    token: str,
    new: str,
    context: Context,
    log: EventLog,
    door: Door,
    letters: Letters,
) -> None:
    """Take a new password for the link of a mail; all sessions end, a second factor stays.

    Raises TokenRefusedError and WeakPasswordError; after the second the link still works.
    """
    user_id = door.tokens.owner(Purpose.RESET_PASSWORD, token)
    found = door.accounts.by_id(user_id)
    if found is None:
        raise NotFoundError("there is no such account")
    used = door.tokens.redeem(Purpose.RESET_PASSWORD, token)
    _take(
        found,
        new,
        context,
        log,
        door,
        letters,
        how=PasswordChange.RESET,
        effects=(used, door.accounts.verified(user_id)),
    )


def _take(
    found: FoundAccount,
    new: str,
    context: Context,
    log: EventLog,
    door: Door,
    letters: Letters,
    *,
    how: PasswordChange,
    effects: tuple[Effect, ...] = (),
    keep: UUID | None = None,
) -> None:
    """Take it and end the other sessions in one transaction; then say so of each of them."""
    user_id = found.user_id
    taken = door.accounts.password_changed(
        user_id, checked_password(new, found.email, door.passwords)
    )
    news = letters.news(
        "password_changed", user_id, found.email, page="reset-password", now=context.now
    )
    running = door.sessions.running(user_id, but=keep)
    log.decide(
        ACCOUNT,
        user_id,
        lambda state: account.change_password(state, user_id=user_id, how=how),
        context,
        effects=lambda _: [*effects, taken, door.sessions.end_all(user_id, but=keep), news],
    )
    end_sessions(
        running,
        context,
        log,
        door.sessions,
        owner=user_id,
        reason=SessionEnd.PASSWORD_CHANGED,
    )
