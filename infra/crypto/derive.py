"""Keys derived from the installation's one secret, each for one purpose."""

import hashlib
import hmac

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infra.settings import Secret


def derive_key(secret: Secret, purpose: str, *, context: bytes = b"") -> bytes:
    """Return 32 bytes for this purpose and context (HKDF-SHA256, RFC 5869)."""
    info = purpose.encode() + b"\x00" + context
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(
        secret.reveal().encode()
    )


def mac(key: bytes, message: bytes, *, length: int = 16) -> bytes:
    """Return the HMAC-SHA256 of the message, truncated to `length` bytes (RFC 2104, 5)."""
    return hmac.digest(key, message, hashlib.sha256)[:length]
