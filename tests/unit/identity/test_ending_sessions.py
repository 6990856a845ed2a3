"""Sessions go on by refresh tokens, and end alone, all together, or with the account."""

from uuid import uuid4

import pytest

from commands.identity.close_account import delete_account
from commands.identity.end_session import end_session, end_sessions
from commands.identity.ports import Refreshed, TokenRefusedError
from commands.identity.refresh_session import enter_workspace, refresh_session
from domain.identity.events import SessionEnd
from domain.shared.errors import IllegalTransitionError, NotFoundError
from domain.shared.platform import PLATFORM
from read_api.edge.request_marks import Person
from tests.support.asking import asking
from tests.support.memory_identity import OPENED_AT, PASSWORD, MemoryHouse


@pytest.fixture
def house() -> MemoryHouse:
    house = MemoryHouse()
    house.register()
    house.verify()
    return house


def test_a_token_is_exchanged_and_a_copy_of_it_ends_the_session(house: MemoryHouse) -> None:
    first = house.opened()
    ports = (house.log, house.sessions, house.access)
    second = refresh_session(first.refresh_token, asking(PLATFORM), *ports)
    third = refresh_session(second.refresh_token, asking(PLATFORM), *ports)
    assert (third.session_id, third.user_id) == (first.session_id, first.user_id)
    with pytest.raises(TokenRefusedError, match="sign in again"):
        refresh_session(first.refresh_token, asking(PLATFORM), *ports)
    with pytest.raises(TokenRefusedError):
        refresh_session(third.refresh_token, asking(PLATFORM), *ports)
    assert '"reason":"token_reused"' in house.facts()
    assert first.refresh_token not in house.facts()
    shown = Refreshed(
        session_id=first.session_id, user_id=first.user_id, workspace_id=None, refresh_token="t"
    )
    assert repr(shown) == f"Refreshed({first.session_id})"


def test_a_session_goes_to_workspaces_of_its_person_alone(house: MemoryHouse) -> None:
    opened, here = house.opened(), uuid4()
    house.sessions.homes[opened.user_id] = [here]
    ann = Person(user_id=opened.user_id, session_id=opened.session_id, authenticated_at=OPENED_AT)
    ports = (asking(PLATFORM), house.sessions, house.access)
    token, _ = enter_workspace(ann, here, *ports)
    assert str(here) in token
    assert house.sessions.good[opened.session_id].workspace_id == here
    with pytest.raises(NotFoundError):
        enter_workspace(ann, uuid4(), *ports)


def test_one_session_or_all_end_and_the_second_time_nothing_is_told(house: MemoryHouse) -> None:
    one, *others = (house.opened() for _ in range(3))
    context = asking(PLATFORM)
    for _ in range(2):
        end_session(
            one.session_id,
            asking(PLATFORM),
            house.log,
            house.sessions,
            owner=one.user_id,
            reason=SessionEnd.SIGNED_OUT,
        )
    assert house.told.count("SessionEnded") == 1
    running = [other.session_id for other in others]
    for _ in range(2):
        end_sessions(
            running,
            context,
            house.log,
            house.sessions,
            owner=one.user_id,
            reason=SessionEnd.EVERYWHERE,
        )
    assert house.sessions.good == {}
    assert house.told.count("SessionEnded") == 3


def test_nobody_ends_a_session_of_somebody_else(house: MemoryHouse) -> None:
    opened = house.opened()
    with pytest.raises(NotFoundError):
        end_session(
            opened.session_id,
            asking(PLATFORM),
            house.log,
            house.sessions,
            owner=uuid4(),
            reason=SessionEnd.REVOKED,
        )
    assert opened.session_id in house.sessions.good


def test_who_leaves_is_forgotten_after_it_is_told(house: MemoryHouse) -> None:
    ann = house.opened().user_id
    ports = (house.log, house.accounts, house.sessions)
    house.accounts.owned[ann] = 1
    with pytest.raises(IllegalTransitionError):
        delete_account(ann, asking(PLATFORM), *ports)
    assert house.accounts.forgotten == []
    house.accounts.owned.clear()
    delete_account(ann, asking(PLATFORM), *ports)
    assert (house.accounts.forgotten, house.sessions.good) == ([ann], {})
    assert house.told[-2:] == ["AccountDeleted", "SessionEnded"]
    assert not house.lets_in(PASSWORD)


def test_who_left_before_is_kept_by_no_workspace(house: MemoryHouse) -> None:
    ann = house.opened().user_id
    house.accounts.owned[ann] = 1  # as it was at the time of the backup
    delete_account(
        ann, asking(PLATFORM), house.log, house.accounts, house.sessions, left_before=True
    )
    assert house.accounts.forgotten == [ann]
