"""What the commands of accounts need from the outside world; `infra` provides it."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import msgspec

from commands.ports import Effect
from domain.shared.errors import DomainError, RetryLaterError


class SignInRefusedError(DomainError):
    """Address or password is wrong, or the account may not sign in: one answer for all."""

    code = "sign_in_refused"


class AddressNotVerifiedError(DomainError):
    """The password is right, but the address was never verified."""

    code = "address_not_verified"


class TokenRefusedError(DomainError):
    """A token of a mail, a challenge or a session is wrong, used or over."""

    code = "token_refused"


class TooManyAttemptsError(RetryLaterError):
    """This account or network tried too often."""

    code = "too_many_attempts"


class Purpose(StrEnum):
    """What a single-use token is for; one is never good for another."""

    VERIFY_ADDRESS = "verify_address"
    RESET_PASSWORD = "reset_password"  # noqa: S105 a purpose
    SIGN_IN = "sign_in"  # the challenge between password and second factor


class FoundAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What signing in needs of an account. `password_hash` is None where there is no password.

    `password_epoch` counts the passwords it has had.
    """

    user_id: UUID
    email: str
    password_hash: str | None
    verified: bool
    disabled: bool
    factor_required: bool
    password_epoch: int = 0

    def __repr__(self) -> str:
        """Show the id alone."""
        return f"FoundAccount({self.user_id})"


class Accounts(Protocol):
    """Who has an account; addresses are sealed, and found by a keyed hash."""

    def checked(self, email: str) -> str:
        """Return the address as it is mailed. Raises InvalidInputError for what is none."""

    def by_address(self, email: str) -> FoundAccount | None:
        """Return the account of an address, however it is spelt."""

    def by_id(self, user_id: UUID) -> FoundAccount | None:
        """Return the account with this id."""

    def last_owner_of(self, user_id: UUID) -> int:
        """Return the number of workspaces that have no other owner."""

    def add(
        self, user_id: UUID, *, email: str, password_hash: str | None, verified: bool
    ) -> Effect:
        """Return the effect that makes the account. The append fails when the address has one."""

    def verified(self, user_id: UUID) -> Effect:
        """Return the effect of AddressVerified."""

    def password_changed(self, user_id: UUID, password_hash: str) -> Effect:
        """Return the effect that takes the new hash, and makes mailed tokens worthless."""

    def rehash(self, user_id: UUID, password_hash: str) -> None:
        """Keep the same password under the parameters of today."""

    def disabled(self, user_id: UUID, *, disabled: bool) -> Effect:
        """Return the effect of AccountDisabled or AccountEnabled."""

    def removed(self, user_id: UUID) -> Effect:
        """Return the effect that empties the account."""

    def forget(self, user_id: UUID) -> None:
        """Destroy the person's key: nothing of theirs can be read any more."""


class Passwords(Protocol):
    """Hashes passwords, a bounded number at once."""

    def hash(self, password: str) -> str:
        """Return the hash, with its parameters in it. Raises TooManyAttemptsError when busy."""

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Tell whether it is the password; without a hash takes as long, and says no."""

    def outdated(self, password_hash: str) -> bool:
        """Tell whether the hash has parameters of yesterday."""

    def known(self, password: str) -> bool:
        """Tell whether the password stands in a list of breached or common ones."""


class SingleUseTokens(Protocol):
    """Secrets of mails and challenges: each works once, for one purpose and a short time."""

    def issue(
        self, purpose: Purpose, user_id: UUID, *, valid_s: int
    ) -> tuple[str, datetime, Effect]:
        """Return the secret, when it ends, and the effect that makes it good."""

    def owner(self, purpose: Purpose, token: str) -> UUID:
        """Return whose it is. Raises TokenRefusedError."""

    def redeem(self, purpose: Purpose, token: str) -> Effect:
        """Return the effect that uses it up; the append fails when somebody was faster."""


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session to be; with `password_epoch` while that password is the one, and is enough."""

    session_id: UUID
    user_id: UUID
    password_epoch: int | None = None
    second_factor: bool
    workspace_id: UUID | None
    ip: str | None
    client: str


class Refreshed(msgspec.Struct, frozen=True, kw_only=True):
    """What a refresh token was exchanged for."""

    session_id: UUID
    user_id: UUID
    workspace_id: UUID | None
    refresh_token: str

    def __repr__(self) -> str:
        """Show the id alone."""
        return f"Refreshed({self.session_id})"


class ReusedTokenError(Exception):
    """A refresh token came again that was exchanged long ago: somebody has a copy."""

    def __init__(self, session_id: UUID) -> None:
        super().__init__(f"a refresh token of session {session_id} came again")
        self.session_id = session_id


class Asking(Protocol):
    """The person who asks, and the session they ask with."""

    @property
    def user_id(self) -> UUID:
        """The account."""

    @property
    def session_id(self) -> UUID:
        """The session."""


class Sessions(Protocol):
    """Which sessions are good, and their refresh tokens."""

    def begin(self, session: NewSession) -> tuple[str, Effect]:
        """Return the first refresh token, and the effect that makes the session good.

        The append fails when the account was closed or its password changed meanwhile.
        """

    def end_all(self, user_id: UUID, *, but: UUID | None = None) -> Effect:
        """Return the effect that ends all sessions of a person `but` one.

        Stands in the append that is the reason, so that no crash leaves one of them good.
        """

    def end(self, session_id: UUID) -> Effect:
        """Return the effect that refuses it from now on, on every process."""

    def refresh(self, token: str) -> Refreshed:
        """Exchange a refresh token for its successor.

        Raises TokenRefusedError, or ReusedTokenError when it was exchanged longer ago than a lost
        answer explains.
        """

    def enter(self, session_id: UUID, workspace_id: UUID | None) -> None:
        """Note which workspace the session is in. Raises NotFoundError for a foreign one."""

    def home_of(self, user_id: UUID, wanted: UUID | None) -> UUID | None:
        """Return the workspace to sign in to: the wanted one, or the only one there is.

        Raises NotFoundError when the person is no member of the wanted one.
        """

    def running(self, user_id: UUID, *, but: UUID | None = None) -> Sequence[UUID]:
        """Return the sessions of a person that have not ended, `but` one."""


class AccessTokens(Protocol):
    """Short-lived tokens that say who asks."""

    def issue(
        self, user_id: UUID, session_id: UUID, workspace_id: UUID | None, *, now: datetime
    ) -> tuple[str, int]:
        """Return the token, and for how many seconds it is good."""


class Attempts(Protocol):
    """Counts attempts of an account and a network, on all processes."""

    def begin(self, email: str, network: str | None) -> None:
        """Count one before it is tried. Raises TooManyAttemptsError."""

    def succeeded(self, email: str, network: str | None) -> None:
        """Forget the failures of this account from this network."""

    def mailing(self, email: str, network: str | None) -> None:
        """Count one mail that a stranger causes. Raises TooManyAttemptsError."""
