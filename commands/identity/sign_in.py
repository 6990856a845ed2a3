"""Sign in by address and password; a second factor may be asked for after that."""

from uuid import UUID

import msgspec

from commands.identity.begin_session import OpenedSession, Opener, begin_session
from commands.identity.ports import (
    AccessTokens,
    Accounts,
    AddressNotVerifiedError,
    Attempts,
    FoundAccount,
    Passwords,
    Purpose,
    Sessions,
    SignInRefusedError,
    SingleUseTokens,
)
from commands.ports import EventLog
from domain.identity import account
from domain.identity.account import ACCOUNT
from domain.shared.context import Context

CHALLENGE_VALID_S = 300
REFUSED = "the address or the password is wrong"
"""The same words for an address without an account, a wrong password and a closed account."""


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants in."""

    session_id: UUID
    email: str
    password: str
    network: str | None = None
    workspace_id: UUID | None = None
    client: str = ""

    def __repr__(self) -> str:
        """Show the id alone."""
        return f"SignIn({self.session_id})"


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """The password was right; whoever has this and the second factor is let in."""

    token: str
    expires_in_s: int

    def __repr__(self) -> str:
        """Show nothing of the token."""
        return "Challenge(***)"


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What signing in needs, in one hand."""

    accounts: Accounts
    passwords: Passwords
    sessions: Sessions
    tokens: SingleUseTokens
    access: AccessTokens
    attempts: Attempts


def sign_in(
    command: SignIn, context: Context, log: EventLog, door: Door
) -> OpenedSession | Challenge:
    """Check the password and begin a session, or ask for the second factor.

    An attempt is counted before it is tried, so that parallel ones are counted too. Raises
    TooManyAttemptsError, SignInRefusedError, AddressNotVerifiedError.
    """
    door.attempts.begin(command.email, command.network)
    found = door.accounts.by_address(command.email)
    found = _let_in(found, command.password, door)
    door.attempts.succeeded(command.email, command.network)
    if found.factor_required:
        return ask_second_factor(found, context, log, door)
    opener = Opener(
        session_id=command.session_id,
        user_id=found.user_id,
        password_epoch=found.password_epoch,
        workspace_id=command.workspace_id,
        client=command.client,
    )
    return begin_session(opener, context, log, door.sessions, door.access)


def _let_in(found: FoundAccount | None, password: str, door: Door) -> FoundAccount:
    password_hash = found.password_hash if found else None
    right = door.passwords.verify(password_hash, password)
    if found is None or password_hash is None or not right or found.disabled:
        raise SignInRefusedError(REFUSED)
    if not found.verified:
        raise AddressNotVerifiedError(
            "verify the address first: the link is in our mail, or ask for another one"
        )
    if door.passwords.outdated(password_hash):
        door.accounts.rehash(found.user_id, door.passwords.hash(password))
    return found


def ask_second_factor(
    found: FoundAccount, context: Context, log: EventLog, door: Door
) -> Challenge:
    """Return the challenge for somebody who proved all but the second factor."""
    token, _, good = door.tokens.issue(Purpose.SIGN_IN, found.user_id, valid_s=CHALLENGE_VALID_S)
    log.decide(
        ACCOUNT,
        found.user_id,
        lambda state: account.challenge(state, user_id=found.user_id),
        context,
        effects=lambda _: [good],
    )
    return Challenge(token=token, expires_in_s=CHALLENGE_VALID_S)
