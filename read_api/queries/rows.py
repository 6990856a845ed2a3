"""Rows that carry their place in a list, and what is shown of them."""

from typing import Annotated, TypeVar

import msgspec
from litestar.params import QueryParameter

T = TypeVar("T", bound=msgspec.Struct)

FIRST_ID = "00000000-0000-0000-0000-000000000000"
LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"
LAST_POSITION = 2**63 - 1

Search = Annotated[
    str | None,
    QueryParameter(
        name="q", min_length=1, max_length=200, description="Text to look for, in any case."
    ),
]


def shown(row: msgspec.Struct, kind: type[T]) -> T:
    """Return the row as the struct it extends, without the columns it only sorts by."""
    return kind(**{name: getattr(row, name) for name in kind.__struct_fields__})
