"""The life of an account."""

from typing import assert_never
from uuid import UUID

import msgspec

from domain.identity.events import (
    AccountDeleted,
    AccountDisabled,
    AccountEnabled,
    AccountEvent,
    AccountRegistered,
    AddressVerified,
    PasswordChange,
    PasswordChanged,
    PasswordResetRequested,
    RegistrationRepeated,
    SecondFactorAsked,
    VerificationRequested,
)
from domain.shared.errors import IllegalTransitionError, InvalidInputError, NotFoundError
from domain.shared.model import StreamModel


class Account(msgspec.Struct, frozen=True):
    """What later decisions need to know."""

    registered: bool = False
    verified: bool = False
    disabled: bool = False
    deleted: bool = False

    @property
    def exists(self) -> bool:
        """Whether somebody has it."""
        return self.registered and not self.deleted


def register(
    account: Account, *, user_id: UUID, email: str, verified: bool = False
) -> list[AccountEvent]:
    """Make an account; an operator may vouch for the address."""
    if account.registered:
        raise IllegalTransitionError("an account with this id exists already")
    made: list[AccountEvent] = [AccountRegistered(user_id=user_id, email=email)]
    if verified:
        return [*made, AddressVerified(user_id=user_id)]
    return [*made, VerificationRequested(user_id=user_id)]


def repeat(account: Account, *, user_id: UUID) -> list[AccountEvent]:
    """Note that somebody tried to register its address."""
    _require(account)
    return [RegistrationRepeated(user_id=user_id)]


def request_verification(account: Account, *, user_id: UUID) -> list[AccountEvent]:
    """Send another mail; says nothing when the address is verified already."""
    _require(account)
    return [] if account.verified else [VerificationRequested(user_id=user_id)]


def verify(account: Account, *, user_id: UUID) -> list[AccountEvent]:
    """Believe that the address is theirs; says nothing the second time."""
    _require(account)
    return [] if account.verified else [AddressVerified(user_id=user_id)]


def request_reset(account: Account, *, user_id: UUID) -> list[AccountEvent]:
    """Let the password be set anew by mail."""
    _require(account)
    return [PasswordResetRequested(user_id=user_id)]


def challenge(account: Account, *, user_id: UUID) -> list[AccountEvent]:
    """Ask for the second factor."""
    _require(account)
    return [SecondFactorAsked(user_id=user_id)]


def change_password(account: Account, *, user_id: UUID, how: PasswordChange) -> list[AccountEvent]:
    """Take another password. One that came by mail verifies the address, too."""
    _require(account)
    changed: list[AccountEvent] = [PasswordChanged(user_id=user_id, how=how)]
    if how is PasswordChange.RESET and not account.verified:
        changed.append(AddressVerified(user_id=user_id))
    return changed


def disable(account: Account, *, user_id: UUID, reason: str) -> list[AccountEvent]:
    """Keep the account from signing in; says nothing the second time."""
    _require(account)
    if not reason.strip():
        raise InvalidInputError("say why the account is disabled: pass a `reason`")
    if account.disabled:
        return []
    return [AccountDisabled(user_id=user_id, reason=reason.strip())]


def enable(account: Account, *, user_id: UUID) -> list[AccountEvent]:
    """Let it sign in again."""
    _require(account)
    return [AccountEnabled(user_id=user_id)] if account.disabled else []


def delete(account: Account, *, user_id: UUID, last_owner_of: int) -> list[AccountEvent]:
    """Close the account for good. A workspace must not be left without an owner."""
    _require(account)
    if last_owner_of:
        raise IllegalTransitionError(
            f"the account is the last owner of {last_owner_of} workspace(s): make somebody else "
            "owner there first"
        )
    return [AccountDeleted(user_id=user_id)]


def evolve(account: Account, event: AccountEvent) -> Account:
    """Fold one fact of an account."""
    change = msgspec.structs.replace
    match event:
        case AccountRegistered():
            return Account(registered=True)
        case AddressVerified():
            return change(account, verified=True)
        case AccountDisabled():
            return change(account, disabled=True)
        case AccountEnabled():
            return change(account, disabled=False)
        case AccountDeleted():
            return change(account, deleted=True)
        case (
            VerificationRequested()
            | RegistrationRepeated()
            | SecondFactorAsked()
            | PasswordResetRequested()
            | PasswordChanged()
        ):
            return account
        case _:
            assert_never(event)


def _require(account: Account) -> None:
    if not account.exists:
        raise NotFoundError("there is no such account")


ACCOUNT: StreamModel[Account, AccountEvent] = StreamModel(
    name="account", initial=Account(), evolve=evolve
)
