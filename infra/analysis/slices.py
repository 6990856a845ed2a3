"""Which part of the log is meant: a workspace, positions, a time, types, a stream."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from infra.eventstore.event_types import EVENT_TYPES, context_of
from infra.eventstore.reader import LogRow
from infra.eventstore.upcasters import UPCASTERS


class LogSlice(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the log; what is left out does not restrict it."""

    workspace_id: UUID | None = None
    after: int = 0  # positions above this one
    upto: int | None = None  # positions up to and with this one; never past the horizon
    since: datetime | None = None  # recorded at this time or later
    until: datetime | None = None  # recorded before this time
    types: tuple[str, ...] = ()  # each a context, a name (delivery.email_sent) or a whole tag
    stream_id: UUID | None = None  # a decision's stream, or a fact's id

    def tags(self) -> frozenset[str] | None:
        """Return the tags that are meant, None for all. Raises UnknownTypeError."""
        return tags_of(self.types) if self.types else None

    def keeps(self, row: LogRow) -> bool:
        """Tell whether a row is meant, positions and tags apart."""
        return (
            (self.workspace_id is None or row.workspace_id == self.workspace_id)
            and (self.stream_id is None or row.stream_id == self.stream_id)
            and (self.since is None or row.recorded_at >= self.since)
            and (self.until is None or row.recorded_at < self.until)
        )


class UnknownTypeError(Exception):
    """No event type, nor a context, has the name that was asked for."""


def tags_of(types: Iterable[str]) -> frozenset[str]:
    """Return every tag that these contexts, names or tags mean, of old versions too."""
    known = {*EVENT_TYPES, *UPCASTERS}
    found = set()
    for asked in types:
        meant = {tag for tag in known if asked in {tag, name_of(tag), context_of(tag)}}
        if not meant:
            names = ", ".join(sorted({name_of(tag) for tag in EVENT_TYPES}))
            raise UnknownTypeError(f"no event type is called {asked}: there are {names}")
        found |= meant
    return frozenset(found)


def name_of(tag: str) -> str:
    """Return a tag without its version."""
    return tag.rsplit(".", 1)[0]
