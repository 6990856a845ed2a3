"""The time and new ids: the only place that asks the machine for them."""

import os
import time
from datetime import UTC, datetime
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62
_RANDOM = (0xFFF << 64) | ((1 << 62) - 1)


def now() -> datetime:
    """Return the current time, UTC-aware."""
    return datetime.now(UTC)


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562, 5.7): Unix time in ms, then 74 random bits."""
    random = int.from_bytes(os.urandom(10), "big") & _RANDOM
    return UUID(int=(time.time_ns() // 1_000_000 << 80) | _VERSION_7 | _VARIANT | random)
