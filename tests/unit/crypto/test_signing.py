"""One secret, one signing key; a signature is good for one purpose and one message."""

import hashlib

import pytest

from infra.crypto.signing import SigningKey, is_signed, key_id
from infra.settings import Secret

KEY = SigningKey(Secret("a secret of at least thirty-two bytes"))


def test_a_secret_always_gives_the_same_key() -> None:
    again = SigningKey(Secret("a secret of at least thirty-two bytes"))
    other = SigningKey(Secret("another secret of thirty-two bytes."))

    assert (again.public_key, again.key_id) == (KEY.public_key, KEY.key_id)
    assert other.key_id != KEY.key_id


def test_a_key_is_named_by_the_digest_of_its_public_half() -> None:
    assert KEY.key_id == key_id(KEY.public_key) == hashlib.sha256(KEY.public_key).hexdigest()[:16]


@pytest.mark.parametrize(
    ("purpose", "message", "good"),
    [
        ("receipt", b"message", True),
        ("seal", b"message", False),
        ("receipt", b"massage", False),
    ],
)
def test_a_signature_is_good_for_one_purpose_and_message(
    purpose: str, message: bytes, *, good: bool
) -> None:
    signature = KEY.sign("receipt", b"message")

    assert is_signed(KEY.public_key, purpose, message, signature) is good


def test_what_is_no_signature_or_no_key_is_refused() -> None:
    assert not is_signed(KEY.public_key, "receipt", b"message", b"short")
    assert not is_signed(b"short", "receipt", b"message", KEY.sign("receipt", b"message"))
