"""What one append writes, in columns, as the binary unnest wants it."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

import msgspec

from commands.ports import Effect
from domain.shared.context import Context


class Appended(msgspec.Struct, frozen=True):
    """What one append wrote. `positions` is empty for facts: only their range is known."""

    count: int
    first_position: int
    last_position: int
    positions: Sequence[int] = ()


class EventBatch(msgspec.Struct, frozen=True, kw_only=True):
    """One append of one command: columns of equal length, oldest first."""

    decisions: bool
    context: Context
    stream_ids: list[UUID]
    versions: list[int]
    tags: list[str]
    payloads: list[bytes]
    effects: Sequence[Effect] = ()

    def digest(self) -> bytes:
        """Return the SHA-256 over all payloads as they were told, kept with the commit."""
        return hashlib.sha256(b"".join(self.payloads)).digest()
