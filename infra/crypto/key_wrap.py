"""Wrap one key under another: AES-256-GCM, a random nonce in front, bound to the key's owner."""

import os
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + 16  # the tag


def new_key() -> bytes:
    """Return 32 random bytes."""
    return os.urandom(KEY_BYTES)


def wrap(cipher: AESGCM, key: bytes, owner: bytes) -> bytes:
    """Return 60 bytes that only `cipher` opens, and only for `owner`."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, key, owner)


def new_keys(count: int) -> list[bytes]:
    """Return many keys, read from the system at once."""
    random = os.urandom(KEY_BYTES * count)
    return [random[at : at + KEY_BYTES] for at in range(0, len(random), KEY_BYTES)]


def wrap_all(cipher: AESGCM, keys: Sequence[bytes], owners: Sequence[bytes]) -> list[bytes]:
    """Return each key as `wrap` does it, the nonces read from the system at once."""
    random = os.urandom(NONCE_BYTES * len(keys))
    nonces = [random[at : at + NONCE_BYTES] for at in range(0, len(random), NONCE_BYTES)]
    return [
        nonce + cipher.encrypt(nonce, key, owner)
        for nonce, key, owner in zip(nonces, keys, owners, strict=True)
    ]


def unwrap(cipher: AESGCM, wrapped: bytes, owner: bytes) -> bytes:
    """Return the key. Raises InvalidTag when cipher, owner or bytes are not those of `wrap`."""
    return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], owner)
