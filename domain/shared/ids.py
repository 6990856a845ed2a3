"""Ids that are derived from what they are about, so that a fact told twice is one row."""

import hashlib
from uuid import UUID

_TIME_BITS = 80
_VERSION_8 = 0x8 << 76
_VARIANT = 0x2 << 62
_MASK = ~((0xF << 76) | (0x3 << 62))


def derive_id(at_ms: int, *parts: bytes) -> UUID:
    """Return the UUIDv8 (RFC 9562, 5.8) of these parts: 48 bits of time, the rest SHA-256.

    The time prefix keeps index writes local, and it must itself be derived (the launch of the
    campaign, the start of the import), or the same fact would get two ids.
    """
    digest = hashlib.sha256(b"\x00".join(parts)).digest()
    low = int.from_bytes(digest[:10], "big")
    return UUID(int=((at_ms << _TIME_BITS) | low) & _MASK | _VERSION_8 | _VARIANT)


def time_ms_of(identifier: UUID) -> int:
    """Return the Unix time in ms that a UUIDv7 or a derived id starts with."""
    return identifier.int >> _TIME_BITS
