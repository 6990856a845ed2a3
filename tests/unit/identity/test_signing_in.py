"""Signing in: one answer for all that is wrong, and a question more where there is a factor."""

from uuid import uuid4

import msgspec
import pytest

from commands.identity.begin_session import OpenedSession, Opener, begin_session
from commands.identity.close_account import disable_account, enable_account
from commands.identity.ports import Purpose, SignInRefusedError, TooManyAttemptsError
from commands.identity.sign_in import Challenge, SignIn, sign_in
from domain.shared.errors import NotFoundError
from domain.shared.platform import PLATFORM
from tests.support.asking import asking
from tests.support.memory_identity import EMAIL, PASSWORD, MemoryHouse


@pytest.fixture
def house() -> MemoryHouse:
    house = MemoryHouse()
    house.register()
    house.verify()
    return house


def test_nobody_learns_what_was_wrong_and_each_takes_one_comparison(house: MemoryHouse) -> None:
    ann = next(iter(house.accounts.kept))
    said = []
    for email, password in ((EMAIL, "wrong"), ("nobody@example.com", PASSWORD)):
        with pytest.raises(SignInRefusedError) as refused:
            house.sign_in(email, password)
        said.append(str(refused.value))
    for disabled in (True, False):
        house.accounts.change(ann, disabled=disabled, password_hash=None)
        with pytest.raises(SignInRefusedError) as refused:
            house.sign_in()
        said.append(str(refused.value))
        house.attempts.succeeded(EMAIL, None)
    assert len(set(said)) == 1
    assert len(house.passwords.compared) == len(said)


def test_tries_are_counted_before_they_are_looked_at_until_one_is_right(house: MemoryHouse) -> None:
    assert [house.lets_in("wrong") for _ in range(2)] == [False, False]
    assert house.lets_in(PASSWORD)
    assert [house.lets_in("wrong") for _ in range(3)] == [False] * 3
    with pytest.raises(TooManyAttemptsError) as too_many:
        house.sign_in()
    assert too_many.value.retry_after_s == 1
    assert len(house.passwords.compared) == 6


def test_a_session_is_in_the_wanted_workspace_or_the_only_one(house: MemoryHouse) -> None:
    opened = house.opened()
    assert opened.workspace_id is None
    here, there = uuid4(), uuid4()
    house.sessions.homes[opened.user_id] = [here]
    assert house.opened().workspace_id == here
    house.sessions.homes[opened.user_id] = [here, there]
    assert house.opened().workspace_id is None
    wanted = house.sign_in(workspace_id=there)
    assert isinstance(wanted, OpenedSession)
    assert (wanted.workspace_id, str(there) in wanted.access_token) == (there, True)
    with pytest.raises(NotFoundError):
        house.sign_in(workspace_id=uuid4())


def test_a_hash_of_yesterday_is_renewed(house: MemoryHouse) -> None:
    ann = next(iter(house.accounts.kept))
    house.accounts.change(ann, password_hash=f"old {PASSWORD}")
    house.opened()
    assert house.accounts.kept[ann].password_hash == f"new {PASSWORD}"


def test_a_disabled_account_is_signed_out_until_it_is_enabled(house: MemoryHouse) -> None:
    ann = house.opened().user_id
    disable_account(ann, asking(PLATFORM), house.log, house.accounts, house.sessions, reason="spam")
    assert not house.sessions.running(ann)
    assert not house.lets_in(PASSWORD)
    enable_account(ann, asking(PLATFORM), house.log, house.accounts)
    assert house.lets_in(PASSWORD)


def test_with_a_second_factor_the_password_opens_no_session(house: MemoryHouse) -> None:
    ann = next(iter(house.accounts.kept))
    house.accounts.change(ann, factor_required=True)
    challenge = house.sign_in()
    assert isinstance(challenge, Challenge)
    assert house.sessions.good == {}
    assert house.tokens.owner(Purpose.SIGN_IN, challenge.token) == ann
    assert house.told[-1] == "SecondFactorAsked"
    used = house.tokens.redeem(Purpose.SIGN_IN, challenge.token)
    opener = Opener(session_id=uuid4(), user_id=ann, second_factor=True)
    begin_session(
        opener, asking(PLATFORM), house.log, house.sessions, house.access, effects=(used,)
    )
    assert house.sessions.good[opener.session_id].second_factor
    assert challenge.token not in house.tokens.good
    assert challenge.token not in repr(challenge)


def test_network_and_client_are_kept_and_a_command_shows_neither_address_nor_password(
    house: MemoryHouse,
) -> None:
    command = SignIn(
        session_id=uuid4(), email=EMAIL, password=PASSWORD, network="192.0.2.0", client="Firefox"
    )
    context = msgspec.structs.replace(asking(PLATFORM), ip="192.0.2.0")
    opened = sign_in(command, context, house.log, house.door)
    kept = house.sessions.good[command.session_id]
    assert (kept.ip, kept.client) == ("192.0.2.0", "Firefox")
    assert house.attempts.networks == ["192.0.2.0"]
    assert repr(command) == f"SignIn({command.session_id})"
    assert repr(opened) == f"OpenedSession({command.session_id})"
