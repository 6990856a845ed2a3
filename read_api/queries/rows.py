"""Rows that carry their place in a list, and what is shown of them."""

from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)

FIRST_ID = "00000000-0000-0000-0000-000000000000"
LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"
LAST_POSITION = 2**63 - 1


def shown(row: msgspec.Struct, kind: type[T]) -> T:
    """Return the row as the struct it extends, without the columns it only sorts by."""
    return kind(**{name: getattr(row, name) for name in kind.__struct_fields__})
