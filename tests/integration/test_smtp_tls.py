"""The TLS policies: SM-17 to SM-19, and that credentials never travel in clear."""

import ssl
from pathlib import Path

import pytest

from infra.smtp.mail import Accepted, NotSent
from infra.smtp.options import RelayOptions, TlsPolicy
from tests.support import faulty_smtp as smtp
from tests.support.certificates import self_signed
from tests.support.faulty_smtp import Action, Script, say
from tests.support.smtp_mail import a_mail, sender_to

pytestmark = pytest.mark.integration

WITH_STARTTLS = b"250-faulty\r\n250-PIPELINING\r\n250 STARTTLS"
WITH_AUTH = b"250-faulty\r\n250-PIPELINING\r\n250 AUTH PLAIN"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def client_tls(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def upgrading(server_tls: ssl.SSLContext) -> Script:
    return Script(ehlo=say(WITH_STARTTLS, WITH_AUTH), starttls=say(b"220 go ahead"), tls=server_tls)


def test_tls_is_required_unless_said_otherwise() -> None:
    assert RelayOptions(host="relay.example").tls is TlsPolicy.REQUIRE


def test_options_do_not_show_their_password() -> None:
    options = RelayOptions(host="relay.example", username="u", password="s3cret")
    assert "s3cret" not in repr(options)


async def test_mail_and_credentials_travel_over_verified_tls(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    async with sender_to(
        upgrading(server_tls),
        tls=TlsPolicy.REQUIRE,
        tls_context=client_tls,
        username="user",
        password="pass",
        connect_timeout_s=5.0,
    ) as (sender, server):
        assert isinstance(await sender.send_one(a_mail()), Accepted)
        assert isinstance(await sender.send_one(a_mail()), Accepted)
        verbs = [command.split(" ")[0] for command in server.commands]
    assert verbs[:7] == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"]


@pytest.mark.parametrize("tls", [TlsPolicy.REQUIRE, TlsPolicy.MAY])
async def test_a_certificate_nobody_vouches_for_gets_no_credentials(
    *, server_tls: ssl.SSLContext, tls: TlsPolicy
) -> None:
    async with sender_to(
        upgrading(server_tls), tls=tls, username="user", password="pass", connect_timeout_s=5.0
    ) as (sender, server):
        outcome = await sender.send_one(a_mail())
        assert isinstance(outcome, NotSent)
        assert outcome.reason == "tls_failed"
        assert server.heard("AUTH") == server.heard("MAIL") == []


async def test_an_unverified_channel_serves_mail_without_credentials_when_tls_may_be(
    server_tls: ssl.SSLContext,
) -> None:
    script = upgrading(server_tls)
    async with sender_to(script, tls=TlsPolicy.MAY, connect_timeout_s=5.0) as (sender, server):
        assert isinstance(await sender.send_one(a_mail()), Accepted)
        assert server.connections == 1


async def test_sm18_a_stripped_starttls_is_not_answered_with_plain_mail() -> None:
    async with sender_to(Script(), tls=TlsPolicy.REQUIRE) as (sender, server):
        outcome = await sender.send_one(a_mail())
        assert isinstance(outcome, NotSent)
        assert outcome.reason == "tls_not_offered"
        assert server.heard("MAIL") == []


BAD_STARTTLS = [
    pytest.param(say(b"454 4.7.0 not now"), "tls_refused", id="454"),
    pytest.param(smtp.raw(b"what?\r\n"), "tls_refused", id="garbage reply"),
    pytest.param(smtp.raw(b"220 go\r\n" + b"not TLS at all" * 20), "tls_failed", id="bad TLS"),
    pytest.param(
        smtp.raw(b"220 go\r\n250 OK\r\n250 OK\r\n"), "tls_failed", id="SM-19 pre-staged replies"
    ),
    pytest.param(smtp.close, "tls_failed", id="closed"),
]


@pytest.mark.parametrize(("starttls", "reason"), BAD_STARTTLS)
async def test_sm17_a_failed_upgrade_defers_when_tls_is_required(
    *, starttls: Action, reason: str
) -> None:
    script = Script(ehlo=say(WITH_STARTTLS), starttls=starttls)
    async with sender_to(script, tls=TlsPolicy.REQUIRE) as (sender, server):
        outcome = await sender.send_one(a_mail())
        assert isinstance(outcome, NotSent)
        assert outcome.reason == reason
        assert server.heard("MAIL") == []


@pytest.mark.parametrize(("starttls", "reason"), BAD_STARTTLS)
async def test_sm17_a_failed_upgrade_ends_in_a_fresh_plain_connection_when_tls_may_be(
    *, starttls: Action, reason: str
) -> None:
    del reason
    script = Script(ehlo=say(WITH_STARTTLS), starttls=starttls)
    async with sender_to(script, tls=TlsPolicy.MAY) as (sender, server):
        assert isinstance(await sender.send_one(a_mail()), Accepted)
        assert server.connections == 2


@pytest.mark.parametrize("tls", [TlsPolicy.OFF, TlsPolicy.MAY, TlsPolicy.REQUIRE])
async def test_credentials_are_never_sent_in_clear(tls: TlsPolicy) -> None:
    script = Script(ehlo=say(WITH_AUTH))
    async with sender_to(script, tls=tls, username="user", password="pass") as (sender, server):
        assert isinstance(await sender.send_one(a_mail()), NotSent)
        assert server.heard("AUTH") == server.heard("MAIL") == []


async def test_refused_credentials_leave_the_message_unsent_with_the_reply(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    script = upgrading(server_tls)
    script.auth = say(b"535 5.7.8 no")
    async with sender_to(
        script,
        tls=TlsPolicy.REQUIRE,
        tls_context=client_tls,
        username="user",
        password="pass",
        connect_timeout_s=5.0,
    ) as (sender, _):
        outcome = await sender.send_one(a_mail())
    assert isinstance(outcome, NotSent)
    assert outcome.reason == "auth_refused"
    assert outcome.reply is not None
    assert outcome.reply.code == 535
