"""What a projection is: a name, a version, the contexts it reads, its tables, and one function."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.shared.model import Event

ALL_CONTEXTS = frozenset(
    {
        "campaigns", "contacts", "content", "delivery", "developer", "engagement", "platform",
        "privacy", "tenancy",
    }
)  # fmt: skip


class RecordedEvent(msgspec.Struct, frozen=True):
    """An event with its place in the log. Personal fields are None unless the reader opens."""

    position: int
    workspace_id: UUID
    stream_id: UUID
    command_id: UUID
    recorded_at: datetime
    event: Event

    @property
    def key(self) -> UUID:
        """What the event is about: when it is parked, later events of the same key wait too."""
        for name in ("message_id", "contact_id", "campaign_id"):
            value = getattr(self.event, name, None)
            if isinstance(value, UUID):
                return value
        return self.stream_id


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table of a read model. Every one has `workspace_id uuid` as the first column and key."""

    name: str
    columns: tuple[str, ...]  # "name type [NOT NULL] [DEFAULT …]", after workspace_id
    key: tuple[str, ...]  # after workspace_id
    indexes: tuple[tuple[str, ...], ...] = ()  # after workspace_id; built last in a rebuild


class Projection(Protocol):
    """Facts in, rows out. May be told any batch again after a crash, never out of order.

    `apply` runs in the transaction that advances the checkpoint, so that a batch counts once.
    """

    @property
    def name(self) -> str:
        """The question it answers."""

    @property
    def version(self) -> int:
        """Raised with every change of tables or folding; a new version is rebuilt, then swapped."""

    @property
    def contexts(self) -> frozenset[str]:
        """Whose events it reads."""

    @property
    def opens(self) -> bool:
        """Whether it needs personal data."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """What it fills."""

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        """Fold a batch of one or more workspaces into the tables, found by search_path."""
