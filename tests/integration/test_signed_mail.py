"""A signature and a return path as the relay gets them."""

from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from infra.crypto.return_paths import ReturnKind, ReturnPaths, ReturnTarget
from infra.dkim.keys import SigningKey
from infra.dkim.signer import signed
from infra.settings import Secret
from infra.smtp.mail import Accepted
from tests.support.dkim_check import is_good, records_of
from tests.support.faulty_smtp import EHLO_REPLY, PLAIN_EHLO_REPLY, Script, say
from tests.support.smtp_mail import a_mail, sender_to

pytestmark = pytest.mark.integration

KEYS = [
    SigningKey("example.com", "r1", generate_private_key(65_537, 2_048)),
    SigningKey("example.com", "e1", Ed25519PrivateKey.generate()),
]


@pytest.mark.parametrize("ehlo", [EHLO_REPLY, PLAIN_EHLO_REPLY], ids=["pipelining", "one_by_one"])
async def test_sm25_dots_are_doubled_after_signing_and_both_signatures_survive(
    ehlo: bytes,
) -> None:
    text = b"From: a@example.com\r\nSubject: dots\r\n\r\n.\r\n..x\r\n.y\r\n"
    paths = ReturnPaths(Secret("k" * 40), "bounce.example.com")
    workspace, message = uuid4(), uuid4()
    mail = a_mail(
        data=signed(text, KEYS, at_s=1_700_000_000), mail_from=paths.of(workspace, message)
    )
    async with sender_to(Script(ehlo=say(ehlo))) as (sender, server):
        assert isinstance(await sender.send_one(mail), Accepted)
    [on_the_wire] = server.bodies
    assert b"\r\n..\r\n...x\r\n..y\r\n" in on_the_wire
    received = on_the_wire.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
    assert [is_good(received, records=records_of(*KEYS), signature=n) for n in (0, 1)] == [True] * 2
    [command] = server.heard("MAIL")
    address = command.partition("<")[2].partition(">")[0].upper()
    assert paths.verify(address) == ReturnTarget(ReturnKind.CAMPAIGN, workspace, message)
