"""Sending domains by HTTP, a DNS server on loopback, and the checker between them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from commands.delivery.add_sending_domain import AddSendingDomain, add_sending_domain
from commands.delivery.ask_sending_domain_check import (
    AskSendingDomainCheck,
    ask_sending_domain_check,
)
from commands.delivery.remove_sending_domain import RemoveSendingDomain, remove_sending_domain
from commands.delivery.rotate_sending_domain_keys import (
    RotateSendingDomainKeys,
    rotate_sending_domain_keys,
)
from domain.delivery.dns_records import Setup
from domain.delivery.sending_domain import SendingDomainUnverifiedError
from domain.shared.errors import InvalidInputError
from infra.bootstrap import Adapters
from infra.dns import resolver
from infra.domain_names import PublicDomainNames
from infra.failpoints import Failpoint, FailpointError, arm, disarm, fail
from infra.postgres.connections import Role
from infra.postgres.sending_domains import (
    DomainChecks,
    PostgresSendingDomains,
    known_sending_domains,
)
from infra.postgres.signing_keys import PostgresSigningKeys
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Settings
from tests.support.asking import asking
from tests.support.dns_server import BROKEN, SILENT, DnsServer
from tests.support.sending import Mailing
from workers.dns_checker import DnsChecker

pytestmark = pytest.mark.integration

SENDER = "acme.example"
DUE = "UPDATE sending_domains SET next_check_at = now() WHERE workspace_id = %s"
LONG_MISSED = (
    "UPDATE sending_domains SET missing_since = now() - interval '2 hours' WHERE workspace_id = %s"
)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[DnsServer]:
    monkeypatch.setattr(resolver, "TIMEOUT_S", 0.3)
    monkeypatch.setattr(resolver, "LIFETIME_S", 0.5)
    with DnsServer() as server:
        yield server


class House:
    """A workspace whose domains are looked up at a server of ours."""

    def __init__(self, settings: Settings, zone: DnsServer) -> None:
        domains = msgspec.structs.replace(
            settings.domains,
            dns_servers=(("127.0.0.1", zone.port),),
            setup=Setup(spf_terms=("include:spf.relay.test",)),
            required=True,
        )
        strict = msgspec.structs.replace(settings, domains=domains)
        self.app = Adapters(strict, role=Role.APP, name="strict-app")
        self.worker = Adapters(strict, role=Role.WORKER, name="strict-worker")
        self.mailing = Mailing(self.app, self.worker)
        self.workspace = self.mailing.workspace
        self.zone = zone
        zone.publish("spf.relay.test", "TXT", "v=spf1 ip4:192.0.2.1 -all")
        self.domains = PostgresSendingDomains(self.app.vault)

    def add(self, domain: str) -> UUID:
        command = AddSendingDomain(domain=domain, setup=self.app.settings.domains.setup)
        context = asking(self.workspace)
        return add_sending_domain(
            command, context, self.app.log, self.domains, PublicDomainNames()
        ).domain_id

    def shown(self) -> dict[str, Any]:
        (row,) = known_sending_domains(self.app.pool, self.workspace)
        return row

    def states(self) -> dict[str, str]:
        return {record["record"]: record["state"] for record in self.shown()["records"]}

    def publish(self) -> None:
        for record in self.shown()["records"]:
            self.zone.publish(record["name"], record["type"], record["expected"])

    def look(self) -> str:
        with tenant_scope(self.worker.pool, self.workspace) as cursor:
            cursor.execute(DUE, (self.workspace,))
        DnsChecker(self.worker).step()
        return str(self.shown()["state"])

    def close(self) -> None:
        self.app.close()
        self.worker.close()


@pytest.fixture
def house(settings: Settings, zone: DnsServer) -> Iterator[House]:
    made = House(settings, zone)
    yield made
    disarm()
    made.close()


def test_a_domain_is_verified_by_its_records_breaks_without_and_recovers(house: House) -> None:
    house.add("acme.example")
    assert house.look() == "pending"
    assert set(house.states().values()) == {"missing"}
    keys = PostgresSigningKeys(house.worker.pool, house.worker.vault)
    assert keys.of(house.workspace, "acme.example") == ()

    house.publish()
    assert house.look() == "verified"
    assert set(house.states().values()) == {"ok"}, house.shown()
    keys = PostgresSigningKeys(house.worker.pool, house.worker.vault)
    algorithms = [key.algorithm for key in keys.of(house.workspace, "acme.example")]
    assert algorithms == ["rsa-sha256", "ed25519-sha256"]

    (dkim,) = (r for r in house.shown()["records"] if r["record"] == "dkim_rsa")
    for fault in (BROKEN, SILENT):
        house.zone.faults[dkim["name"]] = fault
        house.look()
        assert house.states()["dkim_rsa"] == "unreachable"
    house.zone.faults.clear()
    house.zone.publish(dkim["name"], "TXT", "v=DKIM1; k=rsa; p=AAAA")
    assert [house.look() for _ in range(4)] == ["verified"] * 4
    with tenant_scope(house.worker.pool, house.workspace) as cursor:
        cursor.execute(LONG_MISSED, (house.workspace,))
    assert house.look() == "broken"
    house.publish()
    assert house.look() == "verified"


def test_new_keys_sign_once_their_records_are_seen_and_the_old_ones_are_gone(house: House) -> None:
    domain_id = house.add(SENDER)
    house.publish()
    assert house.look() == "verified"

    def selectors() -> list[str]:
        keys = PostgresSigningKeys(house.worker.pool, house.worker.vault)
        return [key.selector for key in keys.of(house.workspace, SENDER)]

    old = selectors()
    command = RotateSendingDomainKeys(domain_id=domain_id)
    rotate_sending_domain_keys(command, asking(house.workspace), house.app.log, house.domains)
    assert house.look() == "verified"
    assert house.states()["next_dkim_rsa"] == "missing"
    assert selectors() == old
    house.publish()
    assert house.look() == "verified"
    assert house.look() == "verified"
    assert set(house.states().values()) == {"ok"}
    assert len(house.states()) == 4
    assert selectors() == [name.replace("ee1", "ee2") for name in old]
    with tenant_scope(house.worker.pool, house.workspace) as cursor:
        kept = cursor.execute("SELECT count(*) FROM dkim_keys").fetchone()
    assert kept == (2,)


def test_only_a_verified_domain_sends_and_a_broken_one_pauses(house: House) -> None:
    mailing = house.mailing
    mailing.add_contacts(["ann@example.com"])
    mailing.project()
    campaign = mailing.draft()
    with pytest.raises(SendingDomainUnverifiedError, match="POST /v1/sending-domains"):
        mailing.launch(campaign)
    house.add(SENDER)
    house.publish()
    assert house.look() == "verified"
    mailing.launch(campaign)
    with tenant_scope(house.worker.pool, house.workspace) as cursor:
        cursor.execute(
            "UPDATE sending_domains SET state = 'broken' WHERE workspace_id = %s",
            (house.workspace,),
        )
    DnsChecker(house.worker).step()
    assert mailing.gate(campaign) == "paused"


@pytest.mark.parametrize("point", [Failpoint.DNS_LOOKED, Failpoint.DNS_DECIDED])
def test_a_checker_that_dies_in_a_look_is_followed_by_another(
    house: House, point: Failpoint
) -> None:
    house.add("acme.example")
    house.publish()
    arm(point, fail)
    with pytest.raises(FailpointError):
        house.look()
    disarm()
    checks = DomainChecks(house.worker.pool)
    assert checks.due(limit=9) == []  # the lease of the dead one
    assert house.look() == "verified"
    assert house.look() == "verified"
    assert set(house.states().values()) == {"ok"}


def test_a_removed_domain_has_no_key_and_comes_back_with_new_ones(house: House) -> None:
    domain_id = house.add("acme.example")
    before = house.shown()["records"]
    command = RemoveSendingDomain(domain_id=domain_id)
    remove_sending_domain(command, asking(house.workspace), house.app.log, house.domains)
    with tenant_scope(house.worker.pool, house.workspace) as cursor:
        kept = cursor.execute("SELECT FROM dkim_keys WHERE domain_id = %s", (domain_id,))
        assert kept.fetchall() == []
    assert house.add("ACME.example.") == domain_id
    assert house.shown()["records"][0]["name"] != before[0]["name"]
    ask = AskSendingDomainCheck(domain_id=domain_id)
    ask_sending_domain_check(ask, asking(house.workspace), house.app.log, house.domains)


def test_a_private_key_is_nowhere_in_the_log_nor_in_what_is_shown(house: House) -> None:
    house.add("acme.example")
    keys = PostgresSigningKeys(house.worker.pool, house.worker.vault)
    house.publish()
    house.look()
    secrets = [
        key.private_key.private_numbers().d.to_bytes(256, "big")[:32]
        for key in keys.of(house.workspace, "acme.example")
        if isinstance(key.private_key, RSAPrivateKey)
    ]
    assert secrets
    with tenant_scope(house.app.pool, house.workspace) as cursor:
        everything = b"".join(row[0] for row in cursor.execute("SELECT data FROM events"))
    with tenant_scope(house.worker.pool, house.workspace) as cursor:
        sealed = b"".join(row[0] for row in cursor.execute("SELECT sealed FROM dkim_keys"))
    for secret in secrets:
        assert secret not in everything + sealed
    assert b"PRIVATE" not in everything + sealed
    assert "PRIVATE" not in repr(house.shown())


@pytest.mark.parametrize("name", ["co.uk", "com", "a b.example", "x..example", "", "localhost"])
def test_what_nobody_owns_is_no_sending_domain(name: str) -> None:
    with pytest.raises(InvalidInputError):
        PublicDomainNames().normal(name)


def test_a_name_has_one_spelling() -> None:
    names = PublicDomainNames()
    assert names.normal("MÜNCHEN.de.") == names.normal("xn--mnchen-3ya.de") == "xn--mnchen-3ya.de"
    assert names.organisation("mail.acme.co.uk") == "acme.co.uk"
