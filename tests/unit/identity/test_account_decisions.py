"""What may happen to an account, and what never."""

from collections.abc import Callable, Sequence
from uuid import uuid4

import pytest

from domain.identity import account
from domain.identity.account import ACCOUNT, Account
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
from tests.support.scenario import Scenario

Decision = Callable[[Account], Sequence[AccountEvent]]

ANN = uuid4()
REGISTERED = AccountRegistered(user_id=ANN, email="ann@example.com")
VERIFIED = AddressVerified(user_id=ANN)
DISABLED = AccountDisabled(user_id=ANN, reason="spam")
DELETED = AccountDeleted(user_id=ANN)

register: Decision = lambda a: account.register(a, user_id=ANN, email="ann@example.com")  # noqa: E731
disable: Decision = lambda a: account.disable(a, user_id=ANN, reason=" spam ")  # noqa: E731
enable: Decision = lambda a: account.enable(a, user_id=ANN)  # noqa: E731
verify: Decision = lambda a: account.verify(a, user_id=ANN)  # noqa: E731
ask_again: Decision = lambda a: account.request_verification(a, user_id=ANN)  # noqa: E731
reset: Decision = lambda a: account.change_password(a, user_id=ANN, how=PasswordChange.RESET)  # noqa: E731
change: Decision = lambda a: account.change_password(a, user_id=ANN, how=PasswordChange.CHANGED)  # noqa: E731
delete: Decision = lambda a: account.delete(a, user_id=ANN, last_owner_of=0)  # noqa: E731
EVERYTHING = {
    "verify": verify,
    "ask again": ask_again,
    "repeat": lambda a: account.repeat(a, user_id=ANN),
    "request a reset": lambda a: account.request_reset(a, user_id=ANN),
    "challenge": lambda a: account.challenge(a, user_id=ANN),
    "change": change,
    "disable": disable,
    "enable": enable,
    "delete": delete,
}


def past(*events: AccountEvent) -> Scenario[Account, AccountEvent]:
    return Scenario(ACCOUNT).given(*events)


def test_a_registered_address_is_verified_by_mail_unless_an_operator_vouches_for_it() -> None:
    state = past().when(register).then(REGISTERED, VerificationRequested(user_id=ANN))
    assert state == Account(registered=True)
    vouched = past().when(
        lambda a: account.register(a, user_id=ANN, email="ann@example.com", verified=True)
    )
    assert vouched.then(REGISTERED, VERIFIED) == Account(registered=True, verified=True)


@pytest.mark.parametrize("since", [(), (DELETED,)])
def test_an_id_is_one_persons_for_ever(since: tuple[AccountEvent, ...]) -> None:
    past(REGISTERED, *since).when(register).refused(IllegalTransitionError, "exists already")


@pytest.mark.parametrize("name", EVERYTHING)
@pytest.mark.parametrize("events", [(), (REGISTERED, VERIFIED, DELETED)])
def test_nothing_happens_to_an_account_that_is_not(
    name: str, events: tuple[AccountEvent, ...]
) -> None:
    past(*events).when(EVERYTHING[name]).refused(NotFoundError, "no such account")


def test_an_address_is_verified_once_and_asked_about_until_then() -> None:
    past(REGISTERED).when(ask_again).then(VerificationRequested(user_id=ANN))
    past(REGISTERED).when(verify).then(VERIFIED)
    past(REGISTERED, VERIFIED).when(verify).then()
    past(REGISTERED, VERIFIED).when(ask_again).then()


def test_whoever_resets_by_mail_has_verified_the_address() -> None:
    by_mail = PasswordChanged(user_id=ANN, how=PasswordChange.RESET)
    assert past(REGISTERED).when(reset).then(by_mail, VERIFIED).verified
    past(REGISTERED, VERIFIED).when(reset).then(by_mail)
    knowing = PasswordChanged(user_id=ANN, how=PasswordChange.CHANGED)
    assert not past(REGISTERED).when(change).then(knowing).verified


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("repeat", RegistrationRepeated(user_id=ANN)),
        ("request a reset", PasswordResetRequested(user_id=ANN)),
        ("challenge", SecondFactorAsked(user_id=ANN)),
    ],
)
def test_what_is_asked_for_is_told_and_changes_nothing(name: str, fact: AccountEvent) -> None:
    state = past(REGISTERED, VERIFIED).when(EVERYTHING[name]).then(fact)
    assert state == Account(registered=True, verified=True)


def test_an_account_is_disabled_and_enabled_once() -> None:
    assert past(REGISTERED).when(disable).then(DISABLED).disabled
    past(REGISTERED, DISABLED).when(disable).then()
    enabled = AccountEnabled(user_id=ANN)
    assert not past(REGISTERED, DISABLED).when(enable).then(enabled).disabled
    past(REGISTERED).when(enable).then()
    past(REGISTERED).when(lambda a: account.disable(a, user_id=ANN, reason=" ")).refused(
        InvalidInputError, "say why"
    )


def test_who_is_the_last_owner_stays() -> None:
    assert past(REGISTERED).when(delete).then(DELETED).deleted
    past(REGISTERED).when(lambda a: account.delete(a, user_id=ANN, last_owner_of=2)).refused(
        IllegalTransitionError, "the last owner of 2 workspace"
    )
