"""A password is changed by who knows it, or reset by mail; either way other sessions end."""

from uuid import uuid4

import pytest

from commands.identity.begin_session import OpenedSession
from commands.identity.change_password import (
    change_password,
    confirmed,
    request_reset,
    reset_password,
)
from commands.identity.open_account import hand_out_reset, open_account
from commands.identity.ports import Purpose, SignInRefusedError, TokenRefusedError
from domain.identity.password_rules import WeakPasswordError
from domain.shared.errors import IllegalTransitionError, NotFoundError
from domain.shared.platform import PLATFORM
from tests.support.asking import asking
from tests.support.memory_identity import EMAIL, PASSWORD, MemoryHouse

OTHER = "quite another sentence than before"


@pytest.fixture
def house() -> MemoryHouse:
    house = MemoryHouse()
    house.register()
    house.verify()
    return house


def reset_link(house: MemoryHouse, email: str = EMAIL) -> list[tuple[str, str]]:
    request_reset(email, asking(PLATFORM), house.log, house.accounts, house.letters)
    return house.mailed()


def reset(house: MemoryHouse, token: str, new: str = OTHER) -> None:
    reset_password(token, new, asking(PLATFORM), house.log, house.door, house.letters)


def test_a_change_keeps_the_session_it_was_made_in(house: MemoryHouse) -> None:
    here, there = house.opened(), house.opened()
    found = confirmed(here.user_id, PASSWORD, house.door)
    change_password(
        found,
        OTHER,
        asking(PLATFORM),
        house.log,
        house.door,
        house.letters,
        keep=here.session_id,
    )
    assert there.session_id not in house.sessions.good
    assert house.sessions.running(here.user_id) == [here.session_id]
    assert house.mailed() == [("password_changed", "")]
    assert (house.lets_in(PASSWORD), house.lets_in(OTHER)) == (False, True)
    assert house.told.count("SessionEnded") == 1


def test_the_current_password_is_asked_for_and_the_asking_counted(house: MemoryHouse) -> None:
    ann = house.opened().user_id
    left = house.attempts.left
    with pytest.raises(SignInRefusedError, match="current password"):
        confirmed(ann, "wrong", house.door)
    assert house.attempts.left == left - 1
    house.accounts.kept.clear()
    with pytest.raises(SignInRefusedError, match="current password"):
        confirmed(ann, PASSWORD, house.door)


def test_a_reset_ends_all_sessions_and_works_once(house: MemoryHouse) -> None:
    ann = house.opened().user_id
    ((kind, token),) = reset_link(house)
    with pytest.raises(TokenRefusedError):
        house.tokens.owner(Purpose.VERIFY_ADDRESS, token)
    with pytest.raises(WeakPasswordError):
        reset(house, token, "short")
    reset(house, token)
    with pytest.raises(TokenRefusedError):
        reset(house, token)
    assert (kind, house.sessions.running(ann)) == ("reset_password", [])
    assert (house.lets_in(PASSWORD), house.lets_in(OTHER)) == (False, True)
    assert OTHER not in house.facts()


def test_a_reset_verifies_an_address_and_removes_no_factor() -> None:
    house = MemoryHouse()
    ann = house.register()
    house.mailed()
    house.accounts.change(ann, factor_required=True)
    ((_, token),) = reset_link(house)
    reset(house, token)
    kept = house.accounts.kept[ann]
    assert (kept.verified, kept.factor_required) == (True, True)
    assert house.told[-2:] == ["PasswordChanged", "AddressVerified"]


def test_nobody_learns_who_may_reset(house: MemoryHouse) -> None:
    assert reset_link(house, "nobody@example.com") == []
    ann = next(iter(house.accounts.kept))
    house.accounts.change(ann, disabled=True)
    assert reset_link(house) == []


def test_the_link_of_somebody_who_left_resets_nothing(house: MemoryHouse) -> None:
    ((_, token),) = reset_link(house)
    house.accounts.kept.clear()
    with pytest.raises(NotFoundError):
        reset(house, token)


def test_an_operator_opens_an_account_and_hands_out_links(house: MemoryHouse) -> None:
    ports = (house.log, house.accounts, house.tokens)
    with pytest.raises(IllegalTransitionError, match="already"):
        open_account(uuid4(), EMAIL, asking(PLATFORM), *ports)
    bob = uuid4()
    token = open_account(bob, "bob@example.com", asking(PLATFORM), *ports)
    assert house.accounts.kept[bob].verified
    reset(house, token)
    assert isinstance(house.sign_in("bob@example.com", OTHER), OpenedSession)
    another = hand_out_reset(bob, asking(PLATFORM), house.log, house.tokens)
    assert house.tokens.owner(Purpose.RESET_PASSWORD, another) == bob
    with pytest.raises(NotFoundError):
        hand_out_reset(uuid4(), asking(PLATFORM), house.log, house.tokens)
