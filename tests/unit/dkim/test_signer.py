"""Signatures: another implementation accepts them, and refuses the message once a byte differs."""

from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from domain.content.snapshot import Snapshot
from infra.dkim.keys import NoSigningKeys, SigningKey
from infra.dkim.relaxed import fields_of, relaxed_body, relaxed_field
from infra.dkim.signer import OVERSIGNED, Signer, signed
from infra.mime.compiled_message import Sending, compile_message
from infra.mime.recipient import Recipient
from tests.support import dkim_check
from tests.support.dkim_check import records_of
from tests.unit.content.test_compiled_message import RECIPIENT, SENDING, SNAPSHOT

RSA = SigningKey("example.com", "r1", generate_private_key(65_537, 2_048))
ED = SigningKey("example.com", "e1", Ed25519PrivateKey.generate())


RECORDS = records_of(RSA, ED)


def is_good(message: bytes, *, signature: int = 0) -> bool:
    return dkim_check.is_good(message, records=RECORDS, signature=signature)


def rendered(
    keys: Sequence[SigningKey],
    *,
    snapshot: Snapshot = SNAPSHOT,
    sending: Sending = SENDING,
    recipient: Recipient = RECIPIENT,
) -> bytes:
    compiled = compile_message(snapshot, sending)
    return compiled.render(recipient, Signer(keys, compiled.field_names))


@pytest.mark.parametrize("key", [RSA, ED], ids=["rsa", "ed25519"])
@pytest.mark.parametrize(
    ("snapshot", "recipient"),
    [
        ({}, {}),
        ({"reply_to": "", "subject": "two  spaces and Gr\u00fc\u00dfe " * 9}, {}),
        (
            {"html": "<body><pre>a\n   indented  \n\tby {{ first_name }}  \n\n</pre></body>\n\n"},
            {"fields": {"first_name": " A  nn\t\r\n b " + "\u00e9" * 90}},
        ),
        ({"html": "<p>x</p>" + "\n    <p>y</p>" * 200 + "\n" * 9}, {}),
    ],
    ids=["plain", "folded", "spaces", "indented"],
)
def test_another_implementation_accepts_our_signature(
    key: SigningKey, snapshot: dict[str, object], recipient: dict[str, object]
) -> None:
    message = rendered(
        [key],
        snapshot=msgspec.structs.replace(SNAPSHOT, **snapshot),
        recipient=msgspec.structs.replace(RECIPIENT, **recipient),
    )
    assert is_good(message)
    assert f"a={key.algorithm}; c=relaxed/relaxed;".encode() in message
    assert all(len(line) <= 76 for line in message.partition(b"\r\nTo:")[0].split(b"\r\n"))


def test_two_keys_make_two_signatures_and_each_is_good_alone() -> None:
    message = rendered([RSA, ED])
    assert message.count(b"DKIM-Signature:") == 2
    assert is_good(message, signature=0)
    assert is_good(message, signature=1)


def test_every_field_we_write_is_signed_and_what_people_see_is_signed_once_more() -> None:
    header = rendered([ED]).partition(b"\r\n\r\n")[0]
    ours = [field.partition(b":")[0].decode() for field in fields_of(header + b"\r\n")]
    field = header.partition(b"\r\nTo:")[0].replace(b"\r\n", b"").replace(b" ", b"").decode()
    names = field.partition(";h=")[2].partition(";")[0].split(":")
    assert ours[0] == "DKIM-Signature"
    assert names[: len(ours) - 1] == ours[1:]
    assert {name.lower() for name in names[len(ours) - 1 :]} == OVERSIGNED
    assert {"List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "List-ID"} <= set(names)


def test_a_changed_byte_anywhere_breaks_the_signature() -> None:
    message = rendered([ED])
    start = message.index(b"\r\nTo:") + 2
    for at in range(start, len(message)):
        byte = message[at : at + 1]
        if byte.isalnum():  # in a canonical form, spaces are few and case of names is none
            other = b"0" if byte.isalpha() else b"x"
            assert not is_good(message[:at] + other + message[at + 1 :]), message[at - 30 : at + 9]


@pytest.mark.parametrize(
    "added", [b"From: x@y.example", b"Subject: x", b"To: x@y.example", b"Content-Type: text/html"]
)
def test_a_second_field_of_those_people_see_breaks_the_signature(added: bytes) -> None:
    message = rendered([ED])
    assert not is_good(added + b"\r\n" + message)
    assert is_good(b"Received: from x by y\r\nX-Spam: no\r\n" + message)


@pytest.mark.parametrize(
    "passed_on",
    [
        pytest.param(lambda m: m.replace(b"Ann Lee <", b"Ann Lee\r\n\t<"), id="folded anew"),
        pytest.param(lambda m: m + b"\r\n\r\n", id="empty lines at the end"),
        pytest.param(lambda m: m.replace(b"Hilltown\r\n", b"Hilltown  \r\n"), id="spaces at ends"),
        pytest.param(
            lambda m: m.replace(b"\r\nSubject: ", b"\r\nSUBJECT: "), id="name in capitals"
        ),
    ],
)
def test_what_relays_do_to_a_message_leaves_the_signature_good(
    passed_on: Callable[[bytes], bytes],
) -> None:
    message = rendered([ED])
    assert passed_on(message) != message
    assert is_good(passed_on(message))


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\r\n\r\n", b" \r\n", b"a \t b\r\n\r\n", b"a"])
def test_any_message_can_be_signed(body: bytes) -> None:
    message = b"From: a@example.com\r\nSubject: hi\r\n  there\r\n\r\n" + body
    assert is_good(signed(message, [RSA], at_s=1_700_000_000))


def test_canonical_forms_are_those_of_the_rfc() -> None:
    assert (
        relaxed_field(b"A: X\r\n") + relaxed_field(b"B : Y\t\r\n\tZ  \r\n") == b"a:X\r\nb:Y Z\r\n"
    )
    assert relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"


def test_a_short_key_is_refused_and_no_key_shows_itself() -> None:
    short = SigningKey("example.com", "s", generate_private_key(65_537, 1_024))  # noqa: S505  refused
    with pytest.raises(ValueError, match="shorter than 2048 bits"):
        Signer([short], ["From"])
    assert repr(RSA) == "SigningKey(r1._domainkey.example.com, rsa-sha256)"
    assert SigningKey("example.com", "r1", ED.private_key) == RSA
    assert len({RSA, ED}) == 2
    assert NoSigningKeys().of(UUID(int=1), "example.com") == ()
