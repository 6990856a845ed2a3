"""Checking signatures with dkimpy, an implementation that is not ours.

Its Ed25519 comes from PyNaCl, which nothing else here needs: the same primitive of `cryptography`
stands in for it. What is signed, dkimpy works out itself.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from types import SimpleNamespace

import dkim
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from infra.dkim.keys import SigningKey


class VerifyKey:
    """What dkimpy uses of `nacl.signing.VerifyKey`."""

    def __init__(self, key: bytes, encoder: object) -> None:
        del encoder
        self._key = Ed25519PublicKey.from_public_bytes(b64decode(key))

    def verify(self, message: bytes, signature: bytes) -> bytes:
        self._key.verify(signature, message)
        return message


def _use_cryptography() -> None:
    errors = SimpleNamespace(BadSignatureError=InvalidSignature, ValueError=ValueError)
    dkim.nacl = SimpleNamespace(
        signing=SimpleNamespace(VerifyKey=VerifyKey),
        encoding=SimpleNamespace(Base64Encoder=None),
        exceptions=errors,
    )


_use_cryptography()


def records_of(*keys: SigningKey) -> Mapping[bytes, bytes]:
    """What the DNS says of these keys, by name."""
    return {f"{key.selector}._domainkey.{key.domain}.".encode(): _record(key) for key in keys}


def _record(key: SigningKey) -> bytes:
    public = key.private_key.public_key()
    if key.algorithm.startswith("ed25519"):
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return b"v=DKIM1; k=ed25519; p=" + b64encode(raw)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + b64encode(der)


def is_good(message: bytes, *, records: Mapping[bytes, bytes], signature: int = 0) -> bool:
    """Whether a signature of the message, the first one or that of this number, is good."""

    def published(name: bytes, timeout: float = 5) -> bytes | None:
        del timeout
        return records.get(name)

    try:
        return bool(dkim.DKIM(message).verify(idx=signature, dnsfunc=published))
    except dkim.DKIMException:
        return False
