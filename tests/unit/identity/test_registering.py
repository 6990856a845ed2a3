"""Registering tells a stranger nothing, and an address counts once its owner says so."""

import pytest

from commands.identity.ports import AddressNotVerifiedError, TokenRefusedError
from commands.identity.register_account import RegisterAccount
from commands.identity.verify_address import request_verification, verify_address
from domain.identity.password_rules import WeakPasswordError
from domain.shared.errors import ConcurrentChangeError, InvalidInputError
from domain.shared.platform import PLATFORM
from tests.support.asking import asking
from tests.support.memory_identity import EMAIL, PASSWORD, MemoryHouse


@pytest.fixture
def house() -> MemoryHouse:
    return MemoryHouse()


def test_who_registers_gets_a_link_and_signs_in_after_it(house: MemoryHouse) -> None:
    ann = house.register()
    with pytest.raises(AddressNotVerifiedError):
        house.sign_in()
    ((kind, token),) = house.mailed()
    verify_address(token, asking(PLATFORM), house.log, house.accounts, house.tokens)
    assert (kind, house.opened().user_id) == ("verify_address", ann)
    with pytest.raises(TokenRefusedError):
        verify_address(token, asking(PLATFORM), house.log, house.accounts, house.tokens)
    assert house.told == [
        "AccountRegistered",
        "VerificationRequested",
        "AddressVerified",
        "SessionBegan",
    ]
    assert PASSWORD not in house.facts()
    assert token not in house.facts()


@pytest.mark.parametrize("unseen", [0, 1])
def test_a_known_address_is_told_by_mail_alone(house: MemoryHouse, unseen: int) -> None:
    ann = house.register()
    house.mailed()
    house.accounts.hidden += [EMAIL] * unseen
    house.register()
    assert [kind for kind, _ in house.mailed()][-1] == "address_known"
    assert (list(house.accounts.kept), house.told[-1]) == ([ann], "RegistrationRepeated")


def test_an_append_that_fails_otherwise_is_not_taken_for_a_known_address(
    house: MemoryHouse,
) -> None:
    house.register()
    house.accounts.hidden += [EMAIL] * 2
    with pytest.raises(ConcurrentChangeError):
        house.register()


@pytest.mark.parametrize(
    ("email", "password", "error"),
    [
        ("nobody", PASSWORD, InvalidInputError),
        (EMAIL, "ann@example.com", WeakPasswordError),
        (EMAIL, "Email Engine 1", WeakPasswordError),
        (EMAIL, "in a list of breaches", WeakPasswordError),
        (EMAIL, "x" * 1025, WeakPasswordError),
    ],
)
def test_what_is_refused_is_refused_whoever_has_an_account(
    house: MemoryHouse, email: str, password: str, error: type[Exception]
) -> None:
    house.passwords.breached.add("in a list of breaches")
    with pytest.raises(error):
        house.register(email, password)
    house.register()
    with pytest.raises(error):
        house.register(email, password)
    assert house.told == ["AccountRegistered", "VerificationRequested"]


def test_another_link_comes_only_while_one_is_needed(house: MemoryHouse) -> None:
    def ask(email: str) -> list[tuple[str, str]]:
        request_verification(email, asking(PLATFORM), house.log, house.accounts, house.letters)
        return house.mailed()

    house.register()
    house.mailed()
    ((kind, token),) = ask(EMAIL)
    verify_address(token, asking(PLATFORM), house.log, house.accounts, house.tokens)
    assert kind == "verify_address"
    assert ask(EMAIL) == ask("nobody@example.com") == []


def test_a_command_shows_no_secret(house: MemoryHouse) -> None:
    ann = house.register()
    command = RegisterAccount(user_id=ann, email=EMAIL, password=PASSWORD)
    for shown in (repr(command), repr(house.accounts.by_id(ann))):
        assert str(ann) in shown
        assert EMAIL not in shown
        assert PASSWORD not in shown
