"""Another issuer's word lets in whoever may sign in here, and shows a second factor or does not."""

from uuid import UUID, uuid4

import pytest

from commands.identity.begin_session import OpenedSession
from commands.identity.ports import SignInRefusedError
from commands.identity.sign_in import Challenge
from commands.identity.sign_in_elsewhere import SignInElsewhere, sign_in_elsewhere
from domain.identity.linked_identity import KnownAccount
from domain.shared.platform import PLATFORM
from infra.oidc.identity import ForeignIdentity
from infra.postgres.linked_identities import PostgresLinkedIdentities
from infra.settings import Secret
from tests.support.asking import asking
from tests.support.memory_identity import EMAIL, MemoryHouse, MemorySingleUseTokens
from tests.support.memory_ports import Said


class Identities(PostgresLinkedIdentities):
    """Its effect is said, not done: there is no database."""

    def add(self, user_id: UUID, *, issuer: str, subject: str) -> Said:  # type: ignore[override]
        return Said("add", (user_id, issuer, subject))


class Addresses:
    """The port `AccountAddresses`, of one account."""

    def __init__(self, user_id: UUID) -> None:
        self.user_id = user_id

    def at(self, address: str) -> KnownAccount | None:
        return KnownAccount(self.user_id, address_verified=True) if address == EMAIL else None


@pytest.fixture
def house() -> MemoryHouse:
    house = MemoryHouse()
    house.register()
    house.verify()
    return house


def sign_in(house: MemoryHouse, user_id: UUID, *, strong: bool) -> OpenedSession | Challenge:
    identity = ForeignIdentity(
        issuer="https://idp.example", subject="s", verified_address=EMAIL, second_factor=strong
    )
    command = SignInElsewhere(session_id=uuid4(), identity=identity)
    identities = Identities(Secret("a-secret-of-the-installation-123456"))
    context, addresses = asking(PLATFORM), Addresses(user_id)
    return sign_in_elsewhere(command, context, house.log, house.door, identities, addresses)


@pytest.mark.parametrize("strong", [False, True])
def test_their_second_factor_is_one_and_ours_is_asked_for(
    house: MemoryHouse, *, strong: bool
) -> None:
    (ann,) = house.accounts.kept
    opened = sign_in(house, ann, strong=strong)
    assert isinstance(opened, OpenedSession)
    assert house.told[-2:] == ["AccountLinked", "SessionBegan"]
    assert house.sessions.good[opened.session_id].second_factor is strong
    house.accounts.change(ann, factor_required=True)
    again = sign_in(house, ann, strong=strong)
    assert isinstance(again, OpenedSession) is strong
    assert isinstance(house.tokens, MemorySingleUseTokens)
    assert len(house.tokens.good) == (0 if strong else 1)


def test_a_closed_account_is_closed_for_who_comes_from_elsewhere(house: MemoryHouse) -> None:
    (ann,) = house.accounts.kept
    house.accounts.change(ann, disabled=True)
    with pytest.raises(SignInRefusedError):
        sign_in(house, ann, strong=True)
    house.accounts.kept.clear()
    with pytest.raises(SignInRefusedError):
        sign_in(house, ann, strong=True)
    assert house.sessions.good == {}
