"""What people and the checker ask of sending domains: facts, and the working state with them."""

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

import msgspec

from commands.delivery.add_sending_domain import AddedDomain, AddSendingDomain, add_sending_domain
from commands.delivery.ask_sending_domain_check import (
    AskSendingDomainCheck,
    ask_sending_domain_check,
)
from commands.delivery.check_sending_domain import CheckSendingDomain, check_sending_domain
from commands.delivery.remove_sending_domain import RemoveSendingDomain, remove_sending_domain
from commands.delivery.rotate_sending_domain_keys import (
    RotateSendingDomainKeys,
    rotate_sending_domain_keys,
)
from commands.delivery.sending_domain_ports import MadeKeys
from domain.delivery.dns_records import Finding, Setup
from domain.delivery.sending_domain import SENDING_DOMAIN, Misses, Status
from domain.delivery.sending_domain_events import DkimKey, RecordState, SendingDomainEvent
from domain.shared.context import Context
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.memory_ports import Said

WORKSPACE = uuid4()


class Keys(msgspec.Struct, frozen=True):
    """Public halves without private ones."""

    public: tuple[DkimKey, ...]


class MemorySendingDomains:
    """The port `commands.delivery.sending_domain_ports.SendingDomains`."""

    def new_keys(self, selectors: Mapping[str, str]) -> Keys:
        return Keys(tuple(DkimKey(name, kind, "AAAA") for kind, name in selectors.items()))

    def added(
        self,
        workspace_id: UUID,
        event: SendingDomainEvent,
        findings: Sequence[Finding],
        keys: MadeKeys,
    ) -> Said:
        del event, findings
        return Said("added", (workspace_id, keys))

    def prepared(
        self,
        workspace_id: UUID,
        event: SendingDomainEvent,
        findings: Sequence[Finding],
        keys: MadeKeys,
    ) -> Said:
        del event, keys
        return Said("prepared", (workspace_id, [finding.name for finding in findings]))

    def changed(self, workspace_id: UUID, event: SendingDomainEvent) -> Said:
        return Said(type(event).__name__, workspace_id)


class Lower:
    """The port `commands.delivery.sending_domain_ports.DomainNames`."""

    def normal(self, text: str) -> str:
        return text.lower()


def ask() -> Context:
    return asking(WORKSPACE)


def add(log: MemoryEventLog) -> AddedDomain:
    command = AddSendingDomain(domain="ACME.example", setup=Setup())
    return add_sending_domain(command, ask(), log, MemorySendingDomains(), Lower())


def test_a_domain_goes_through_its_life() -> None:
    log, domains = MemoryEventLog(), MemorySendingDomains()
    domain_id = add(log).domain_id
    found = Finding(
        record="dkim_rsa",
        name="x",
        type="TXT",
        expected="y",
        required=True,
        state=RecordState.OK,
    )
    check = CheckSendingDomain(domain_id=domain_id, findings=[found], misses=Misses())
    first = check_sending_domain(check, ask(), log, domains)
    state = log.state(SENDING_DOMAIN, domain_id, ask())
    assert (state.status, state.domain) == (Status.VERIFIED, "acme.example")
    assert check_sending_domain(check, ask(), log, domains) == first, "no news"
    ask_sending_domain_check(AskSendingDomainCheck(domain_id=domain_id), ask(), log, domains)
    rotate = RotateSendingDomainKeys(domain_id=domain_id)
    rotate_sending_domain_keys(rotate, ask(), log, domains)
    state = log.state(SENDING_DOMAIN, domain_id, ask())
    assert {key.selector[:3] for key in state.keys} == {"ee1"}
    assert {key.selector[:3] for key in state.next_keys} == {"ee2"}
    remove_sending_domain(RemoveSendingDomain(domain_id=domain_id), ask(), log, domains)
    assert log.state(SENDING_DOMAIN, domain_id, ask()).status is Status.REMOVED
    assert add(log).domain_id == domain_id
