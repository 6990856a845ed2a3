"""Wrap one key under another: AES-256-GCM, a random nonce in front, bound to the key's owner."""

import os

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


def unwrap(cipher: AESGCM, wrapped: bytes, owner: bytes) -> bytes:
    """Return the key. Raises InvalidTag when cipher, owner or bytes are not those of `wrap`."""
    return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], owner)
