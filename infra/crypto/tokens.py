"""API keys: `ee_live_` or `ee_test_`, 32 random bytes in base 62, and a checksum.

The prefix lets secret scanners find a leaked token; the checksum lets them, and us, discard
what only looks like one without asking the database.
"""

import hashlib
import secrets
import zlib

LIVE, TEST = "ee_live_", "ee_test_"
RANDOM_BYTES = 32
BODY_CHARACTERS = 43  # 62**43 > 2**256
CHECKSUM_CHARACTERS = 6  # 62**6 > 2**32
TOKEN_CHARACTERS = len(LIVE) + BODY_CHARACTERS + CHECKSUM_CHARACTERS
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def new_token(*, test: bool = False) -> str:
    """Return a new secret of 256 random bits; a test key's says so."""
    number = int.from_bytes(secrets.token_bytes(RANDOM_BYTES), "big")
    body = (TEST if test else LIVE) + _base62(number, BODY_CHARACTERS)
    return body + _checksum(body)


def is_well_formed(token: str) -> bool:
    """Tell whether prefix, length and checksum fit; says nothing about whether it is good."""
    if len(token) != TOKEN_CHARACTERS or not token.isascii() or not token.startswith((LIVE, TEST)):
        return False
    return _checksum(token[:-CHECKSUM_CHARACTERS]) == token[-CHECKSUM_CHARACTERS:]


def digest(token: str) -> bytes:
    """Return the SHA-256 under which a token is stored; enough for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECKSUM_CHARACTERS)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
