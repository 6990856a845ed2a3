"""Reports come in over SMTP, the facts they make, and what those do to people."""

import asyncio
import smtplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.contacts.events import ContactSuppressed, SuppressionReason
from domain.delivery.bounce_class import BounceClass, BounceSource
from domain.delivery.bounce_events import EmailComplained
from domain.delivery.events import EmailBounced, EmailSent
from infra.bootstrap import Adapters
from infra.bounces.mailbox import mailbox_factory
from infra.crypto.return_paths import ReturnPaths
from infra.failpoints import Failpoint, arm, disarm, fail
from tests.support.faulty_smtp import Script
from tests.support.sending import Mailing
from workers.bounce_receiver import BounceReceiver

pytestmark = pytest.mark.integration

CORPUS = Path(__file__).parents[1] / "fixtures" / "bounces"


def report(name: str) -> bytes:
    return (CORPUS / f"{name}.eml").read_bytes()


@contextmanager
def receiving(worker: Adapters) -> Iterator[tuple[BounceReceiver, int]]:
    """Run the listener in a thread; yields the receiver and its port."""
    receiver, ready, loop = BounceReceiver(worker), threading.Event(), asyncio.new_event_loop()
    ports: list[int] = []

    async def listen() -> asyncio.Server:
        server = await loop.create_server(
            mailbox_factory(receiver, hostname="bounces"), "127.0.0.1", 0
        )
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        return server

    def serve() -> None:
        server = loop.run_until_complete(listen())
        loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(10)
    yield receiver, ports[0]
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


def deliver(port: int, to: str, raw: bytes) -> int:
    """Hand a report over as a mail server does; returns the last code."""
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        client.ehlo("mx.there.example")
        assert client.mail("")[0] == 250
        code, _ = client.rcpt(to)
        return client.data(raw)[0] if code == 250 else code


@pytest.fixture
def sent(app: Adapters, worker: Adapters) -> Mailing:
    """A campaign to two people that the relay took."""
    mailing = Mailing(app, worker)
    mailing.add_contacts(["kim@there.test.example", "lee@there.test.example"])
    mailing.started()
    mailing.dispatch_to(Script())
    mailing.project()
    return mailing


def path_of(mailing: Mailing, message: EmailSent) -> str:
    paths = ReturnPaths(mailing.worker.settings.secret_key, "bounce.acme.example")
    return paths.of(mailing.workspace, message.message_id)


def test_a_report_is_attributed_by_its_return_path_and_suppresses(sent: Mailing) -> None:
    first, second = sent.of_type(EmailSent)
    with receiving(sent.worker) as (receiver, port):
        for _ in range(3):
            assert deliver(port, path_of(sent, first), report("postfix-user-unknown")) == 250
        assert deliver(port, path_of(sent, second), report("postfix-blocked-by-list")) == 250
        assert deliver(port, path_of(sent, second), report("vacation")) == 250
        forged = path_of(sent, second)[:-30] + "0" + path_of(sent, second)[-29:]
        assert deliver(port, forged, report("postfix-user-unknown")) == 550
        assert deliver(port, "kim@there.test.example", report("postfix-user-unknown")) == 550
    bounces = sent.of_type(EmailBounced)
    assert [(b.message_id, b.bounce_class, b.source) for b in bounces] == [
        (first.message_id, BounceClass.HARD, BounceSource.DSN),
        (second.message_id, BounceClass.POLICY, BounceSource.DSN),
    ]
    assert all("@" not in str(b.reply) for b in bounces)
    assert {(b.sending_domain, b.destination) for b in bounces} == {("acme.example", "other")}
    sent.react()
    assert [(s.contact_id, s.reason) for s in sent.of_type(ContactSuppressed)] == [
        (first.contact_id, SuppressionReason.HARD_BOUNCE)
    ]
    sent.project()
    assert sent.ask("SELECT bounced, bounced_later, sent FROM campaign_stats") == [(0, 2, 2)]
    assert receiver.counts["refused"] == 2


def test_a_feedback_loop_names_the_return_path_inside(sent: Mailing) -> None:
    first, second = sent.of_type(EmailSent)
    ours = report("arf-abuse").replace(
        b"b+token@bounce.acme.example", path_of(sent, second).encode()
    )
    with receiving(sent.worker) as (receiver, port):
        assert deliver(port, "complaints@bounce.acme.example", ours) == 250
        assert deliver(port, "complaints@bounce.acme.example", report("arf-abuse")) == 250
        dsn = report("postfix-user-unknown") + path_of(sent, first).encode()
        assert deliver(port, "complaints@bounce.acme.example", dsn) == 250
    assert [c.message_id for c in sent.of_type(EmailComplained)] == [second.message_id]
    assert sent.of_type(EmailBounced) == []
    (complained,) = sent.of_type(EmailComplained)
    assert (complained.sending_domain, complained.destination) == ("acme.example", "other")
    assert receiver.counts["forged"] == 1
    sent.react()
    assert [s.reason for s in sent.of_type(ContactSuppressed)] == [SuppressionReason.COMPLAINT]
    sent.project()
    assert sent.ask("SELECT status FROM contacts WHERE contact_id = %s", second.contact_id) == [
        ("suppressed",)
    ]
    campaign = sent.started()
    sent.dispatch_to(Script())
    assert [m.contact_id for m in sent.of_type(EmailSent) if m.campaign_id == campaign] == [
        first.contact_id
    ]


def test_what_was_recorded_but_not_answered_comes_again_as_one_fact(sent: Mailing) -> None:
    first, _ = sent.of_type(EmailSent)
    with receiving(sent.worker) as (_, port):
        arm(Failpoint.BOUNCE_RECORDED, fail)
        try:
            assert deliver(port, path_of(sent, first), report("gmail-full")) == 451
        finally:
            disarm()
        assert deliver(port, path_of(sent, first), report("gmail-full")) == 250
    assert [b.bounce_class for b in sent.of_type(EmailBounced)] == [BounceClass.SOFT]
