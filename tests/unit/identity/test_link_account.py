"""Somebody else's word leads to an account only where both sides have proved the address."""

from uuid import UUID, uuid4

import pytest

from commands.identity.link_account import LinkAccount, link_account
from domain.identity.events import AccountLinked
from domain.identity.linked_identity import (
    LINKED_IDENTITY,
    KnownAccount,
    LinkedIdentity,
    NotLinkedError,
    link,
)
from domain.shared.platform import PLATFORM
from infra.eventstore.memory import MemoryEventLog
from infra.postgres.linked_identities import PostgresLinkedIdentities
from infra.settings import Secret
from tests.support.asking import asking
from tests.support.scenario import Scenario

ADA, ADDRESS, ISSUER = uuid4(), "ada@example.com", "https://idp.example"
IDENTITIES = PostgresLinkedIdentities(Secret("a-secret-of-the-installation-123456"))
LINKED = AccountLinked(user_id=ADA, issuer=ISSUER, subject="s")


class MemoryAddresses:
    """The port `AccountAddresses`."""

    def __init__(self, **accounts: KnownAccount) -> None:
        self.accounts = accounts

    def at(self, address: str) -> KnownAccount | None:
        return self.accounts.get(address.partition("@")[0])


def sign_in(
    log: MemoryEventLog,
    addresses: MemoryAddresses,
    *,
    subject: str = "s",
    address: str | None = ADDRESS,
) -> UUID:
    command = LinkAccount(issuer=ISSUER, subject=subject, verified_address=address)
    assert "ada" not in repr(command)
    return link_account(command, asking(PLATFORM), log, IDENTITIES, addresses)


def test_at_first_sight_the_account_at_the_address_is_linked_and_later_it_needs_no_address() -> (
    None
):
    log, addresses = MemoryEventLog(), MemoryAddresses(ada=KnownAccount(ADA, True))
    assert sign_in(log, addresses) == ADA
    assert [event for _, _, event in log.events] == [LINKED]
    assert len(log.effects) == 1
    assert sign_in(log, MemoryAddresses(), address=None) == ADA
    taken_over = MemoryAddresses(ada=KnownAccount(uuid4(), True))
    assert sign_in(log, taken_over) == ADA, "who it is never changes with the address"
    assert len(log.events) == 1


@pytest.mark.parametrize(
    ("addresses", "address", "why"),
    [
        (MemoryAddresses(ada=KnownAccount(ADA, True)), None, "does not say"),
        (MemoryAddresses(), ADDRESS, "register first"),
        (MemoryAddresses(ada=KnownAccount(ADA, False)), ADDRESS, "verify the e-mail address"),
    ],
)
def test_without_two_proofs_nobody_is_linked(
    addresses: MemoryAddresses, address: str | None, why: str
) -> None:
    log = MemoryEventLog()
    with pytest.raises(NotLinkedError, match=why):
        sign_in(log, addresses, address=address)
    assert (log.events, log.effects) == ([], [])


def test_two_identities_are_two_streams() -> None:
    streams = {
        IDENTITIES.stream_id(issuer, subject)
        for issuer, subject in [(ISSUER, "s"), (ISSUER, "t"), ("https://other.example", "s")]
    }
    assert len(streams) == 3


def test_a_link_is_told_once() -> None:
    account = KnownAccount(uuid4(), True)
    state = (
        Scenario(LINKED_IDENTITY)
        .given(LINKED)
        .when(lambda i: link(i, issuer=ISSUER, subject="s", address_verified=True, account=account))
        .then()
    )
    assert state == LinkedIdentity(ADA)
