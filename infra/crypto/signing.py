"""Signatures of this installation: seals of the log, receipts, exports (Ed25519, RFC 8032).

The key is derived from the installation's one secret, so nothing more has to be kept; the
public half and its id go wherever a signature goes.
"""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from infra.crypto.derive import derive_key
from infra.settings import Secret

PUBLIC_KEY_BYTES = 32
KEY_ID_BYTES = 8
SIGNATURE_BYTES = 64


class SigningKey:
    """The private half; signs for named purposes, so that no signature fits two of them."""

    def __init__(self, secret: Secret) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(derive_key(secret, "signing-ed25519"))
        self.public_key = self._private.public_key().public_bytes_raw()
        self.key_id = key_id(self.public_key)

    def sign(self, purpose: str, message: bytes) -> bytes:
        """Return the 64 bytes that `is_signed` accepts for the same purpose and message."""
        return self._private.sign(_signed_bytes(purpose, message))


def key_id(public_key: bytes) -> str:
    """Return the name of a key: the first 8 bytes of its SHA-256, in hex."""
    return hashlib.sha256(public_key).digest()[:KEY_ID_BYTES].hex()


def is_signed(public_key: bytes, purpose: str, message: bytes, signature: bytes) -> bool:
    """Tell whether the raw public key of 32 bytes signed this message for this purpose."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            signature, _signed_bytes(purpose, message)
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _signed_bytes(purpose: str, message: bytes) -> bytes:
    return b"email-engine/" + purpose.encode() + b"\x00" + message
