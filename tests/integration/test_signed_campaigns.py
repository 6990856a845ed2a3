"""From a sending domain's stored keys to a message at a sink that anybody can verify."""

from collections.abc import Callable, Iterator, Mapping
from email import message_from_bytes
from email.policy import SMTP
from uuid import UUID

import msgspec
import pytest

from commands.delivery.add_sending_domain import AddSendingDomain, add_sending_domain
from domain.delivery.dns_records import Setup
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.crypto.return_paths import ReturnKind, ReturnPaths
from infra.domain_names import PublicDomainNames
from infra.postgres.connections import Role
from infra.postgres.sending_domains import PostgresSendingDomains, known_sending_domains
from infra.settings import Settings
from tests.support.asking import asking
from tests.support.dkim_check import is_good
from tests.support.dns_server import DnsServer
from tests.support.faulty_smtp import FaultySmtp, Script
from tests.support.sending import Mailing
from tests.support.system_mail import queue, reset_mail, waiting
from workers.dns_checker import DnsChecker

pytestmark = pytest.mark.integration

replace = msgspec.structs.replace
BOUNCES, LINKS = "bounces.engine.test", "links.engine.test"


class House:
    """An installation with hosts of its own, and a DNS where domains publish."""

    def __init__(self, settings: Settings, zone: DnsServer) -> None:
        self.zone = zone
        domains = replace(
            settings.domains,
            dns_servers=(("127.0.0.1", zone.port),),
            setup=Setup(return_path_host=BOUNCES, tracking_host=LINKS),
            own_tracking=True,
        )
        ours = replace(
            settings,
            domains=domains,
            return_path_domain=BOUNCES,
            tracking_url=f"https://{LINKS}",
            system_mail_from=("Engine", "no-reply@engine.example"),
        )
        self.app = Adapters(ours, role=Role.APP, name="house-app")
        self.worker = Adapters(ours, role=Role.WORKER, name="house-worker")
        self.mailing = Mailing(self.app, self.worker)
        self.paths = ReturnPaths(ours.secret_key, BOUNCES)

    def add_domain(self, workspace_id: UUID, domain: str) -> None:
        command = AddSendingDomain(domain=domain, setup=self.app.settings.domains.setup)
        add_sending_domain(
            command,
            asking(workspace_id),
            self.app.log,
            PostgresSendingDomains(self.app.vault),
            PublicDomainNames(),
        )

    def publish(self, workspace_id: UUID) -> Mapping[bytes, bytes]:
        """Publish what is asked for, and have it seen; return the TXT records by name."""
        (shown,) = known_sending_domains(self.app.pool, workspace_id)
        for record in shown["records"]:
            end = "." if record["type"] == "CNAME" else ""
            self.zone.publish(record["name"], record["type"], record["expected"] + end)
        DnsChecker(self.worker).step()
        (shown,) = known_sending_domains(self.app.pool, workspace_id)
        assert shown["state"] == "verified"
        zone = self.zone.zone.items()
        return {f"{name}.".encode(): v[0].encode() for (name, kind), v in zone if kind == "TXT"}

    def sent(self, until: Callable[[], bool] | None = None) -> tuple[bytes, str]:
        """Send what waits; return the only message as its reader gets it, and its return path."""
        heard = self.mailing.dispatch_to(Script(), until=until)
        (message,) = _received(heard)
        return message, heard.heard("MAIL")[0].partition("<")[2].partition(">")[0]


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    with DnsServer() as zone:
        made = House(settings, zone)
        yield made
        made.app.close()
        made.worker.close()


def test_a_verified_domain_signs_its_mail_and_lends_it_its_hosts(house: House) -> None:
    mailing = house.mailing
    mailing.add_contacts(["ann@example.com"])
    house.add_domain(mailing.workspace, "acme.example")
    mailing.started()
    message, mail_from = house.sent()
    assert b"DKIM-Signature" not in message
    assert mail_from.endswith(f"@{BOUNCES}")
    assert f"https://{LINKS}/t/c/".encode() in _unfolded(message)

    records = house.publish(mailing.workspace)
    mailing.started()
    message, mail_from = house.sent()
    assert [is_good(message, records=records, signature=n) for n in (0, 1)] == [True, True]
    assert b"a=rsa-sha256" in message
    assert b"a=ed25519-sha256" in message
    assert not is_good(message.replace(b"Subject: Hi", b"Subject: Ho"), records=records)
    assert mail_from.endswith("@bounce.acme.example")
    target = house.paths.verify(mail_from)
    assert target is not None
    assert (target.kind, target.workspace_id) == (ReturnKind.CAMPAIGN, mailing.workspace)
    assert b"https://track.acme.example/t/c/" in _unfolded(message)
    assert LINKS.encode() not in _unfolded(message)

    people = {f"p{n}@example.com" for n in range(40)}
    mailing.add_contacts(sorted(people))
    mailing.started()
    side_by_side = _received(mailing.dispatch_to(Script()))
    assert all(is_good(message, records=records) for message in side_by_side)
    assert {_to(message) for message in side_by_side} == people | {"ann@example.com"}


def test_system_mail_has_a_return_path_and_the_signature_of_the_installations_domain(
    house: House,
) -> None:
    def none_waits() -> bool:
        return waiting(house.worker) == 0

    house.add_domain(house.mailing.workspace, "engine.example")
    house.publish(house.mailing.workspace)
    mail = queue(house.app, reset_mail(house.mailing.workspace))
    message, mail_from = house.sent(none_waits)
    assert b"DKIM-Signature" not in message, "no workspace signs for the installation"
    target = house.paths.verify(mail_from)
    assert target is not None
    assert (target.kind, target.message_id) == (ReturnKind.SYSTEM, mail.mail_id)

    house.add_domain(PLATFORM, "engine.example")
    records = house.publish(PLATFORM)
    queue(house.app, reset_mail())
    message, _ = house.sent(none_waits)
    assert [is_good(message, records=records, signature=n) for n in (0, 1)] == [True, True]


def _received(heard: FaultySmtp) -> list[bytes]:
    return [body.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.") for body in heard.bodies]


def _to(message: bytes) -> str:
    return str(message_from_bytes(message, policy=SMTP)["To"].addresses[0].addr_spec)


def _unfolded(message: bytes) -> bytes:
    return message.replace(b"=\r\n", b"")
