"""Decode a run of the log for a projection and apply it, in one transaction with its checkpoint."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain

import msgspec
import structlog
from psycopg import Connection, Cursor, sql
from psycopg.rows import TupleRow

from domain.privacy.events import ContactAnonymized
from domain.shared.model import Event
from infra.eventstore.event_types import context_of
from infra.eventstore.mapper import Mapper, UnknownEventError
from infra.eventstore.reader import LogRow
from infra.failpoints import Failpoint, failpoint
from infra.postgres.failures import reason_of
from infra.postgres.parked_events import has_parked
from infra.projecting.checkpoint import FencedError, advance
from infra.projecting.parking import AWAY, Parking, Tried
from infra.projecting.partitions import WHOLE, Partition
from infra.projecting.prefetch import prefetched
from projections.projection import Projection, RecordedEvent

BATCH = 5_000
SLICE = 1_000  # of a batch, where events are opened while the ones before are written

log = structlog.get_logger()


class UnfoldableError(Exception):
    """An event cannot be decoded or applied; live projections park it, a rebuild stops."""

    def __init__(self, row: LogRow, reason: str) -> None:
        super().__init__(f"position {row.position} ({row.tag}): {reason}")
        self.row = row
        self.reason = reason


class Folder:
    """Feeds one projection; `schema` is where its tables are.

    A shadow leaves out what the live tables are without: the positions `skipped` on purpose, and
    what is above the `limits` of their partitions.
    """

    def __init__(
        self,
        projection: Projection,
        mapper: Mapper,
        connection: Connection[TupleRow],
        schema: str,
        partition: Partition = WHOLE,
    ) -> None:
        self.projection = projection
        self._mapper = mapper
        self._connection = connection
        self._schema = schema
        self._partition = partition
        self.skipped: frozenset[int] = frozenset()
        self.limits: Mapping[Partition, int] = {}

    def wanted(self, rows: Iterable[LogRow], *, after: int) -> list[LogRow]:
        """Keep what the projection reads, of its share of the workspaces, and has not seen."""
        contexts, share = self.projection.contexts, self._partition
        found = [r for r in rows if r.position > after and context_of(r.tag) in contexts]
        if share.of > 1:
            found = [row for row in found if share.holds(row.workspace_id)]
        if self.skipped:
            found = [row for row in found if row.position not in self.skipped]
        if len(self.limits) > 1:
            found = [row for row in found if row.position <= self._limit(row)]
        return found

    def _limit(self, row: LogRow) -> int:
        return next(upto for share, upto in self.limits.items() if share.holds(row.workspace_id))

    def fold(self, rows: Sequence[LogRow], *, before: int, after: int) -> None:
        """Apply rows and move the checkpoint from `before` to `after`, all or nothing.

        Raises FencedError, and UnfoldableError when an event is bad (then nothing is changed).
        """
        with closing(self._slices(rows)) as decoded:
            first = next(decoded)
            failpoint(Failpoint.PROJECTOR_DECODED)
            with self._connection.transaction():
                cursor = self.cursor()
                advance(
                    cursor, self.projection, before=before, after=after, partition=self._partition
                )
                for events in chain([first], decoded):
                    if events:
                        self.projection.apply(events, cursor)
                if rows:
                    failpoint(Failpoint.PROJECTOR_APPLIED)
        failpoint(Failpoint.PROJECTOR_COMMITTED)

    def forget_keys(self) -> None:
        """Ask the vault anew for every key."""
        self._mapper.forget()

    def decoded(self, rows: Sequence[LogRow]) -> list[RecordedEvent]:
        """Return the events. Raises UnfoldableError for the first row that cannot be decoded."""
        try:
            return self._decode(rows)
        except (UnfoldableError, *AWAY):
            raise
        except Exception as error:  # whatever it is, it is found row by row
            if len(rows) == 1:
                raise UnfoldableError(rows[0], reason_of(error)) from error
        return [event for row in rows for event in self.decoded([row])]

    def apply_only(self, rows: Sequence[LogRow], events: Sequence[RecordedEvent]) -> None:
        """Apply decoded rows without a checkpoint: for a shadow, whose reader keeps its place.

        Raises UnfoldableError for the first row that cannot be applied.
        """
        try:
            self._apply_all(events)
        except AWAY:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is found event by event
            for row, event in zip(rows, events, strict=True):
                self._apply_one(row, event)
            log.warning("batch_failed", projection=self.projection.name, error=reason_of(error))

    def fold_parking(self, rows: Sequence[LogRow], *, before: int, after: int) -> None:
        """Do the same; when it fails, park the bad events with their kin and apply the others."""
        try:
            if not has_parked(self._connection, self.projection.name):
                self.fold(rows, before=before, after=after)
                return
        except (FencedError, *AWAY):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the bad events are found
            log.warning("batch_failed", projection=self.projection.name, error=reason_of(error))
        tried = self.try_to_decode(rows)
        with self._connection.transaction():
            cursor = self.cursor()
            # First of all: whoever retries or skips what is parked holds the checkpoint meanwhile.
            advance(cursor, self.projection, before=before, after=after, partition=self._partition)
            Parking(self.projection, self._connection, cursor).take(tried)

    def try_to_decode(self, rows: Sequence[LogRow]) -> list[Tried]:
        """Decode what can be; the others come with the reason."""
        try:
            return [Tried(*pair) for pair in zip(rows, self._decode(rows), strict=True)]
        except AWAY:
            raise
        except Exception as error:  # noqa: BLE001 - a single row tells which
            if len(rows) == 1:
                return [Tried(rows[0], None, reason_of(error))]
        middle = len(rows) // 2
        return [*self.try_to_decode(rows[:middle]), *self.try_to_decode(rows[middle:])]

    def _apply_all(self, events: Sequence[RecordedEvent]) -> None:
        with self._connection.transaction():
            self.projection.apply(events, self.cursor())

    def _apply_one(self, row: LogRow, event: RecordedEvent) -> None:
        try:
            self._apply_all([event])
        except AWAY:
            raise
        except Exception as error:
            raise UnfoldableError(row, reason_of(error)) from error

    def cursor(self) -> Cursor[TupleRow]:
        """Return a cursor that finds the tables; in the caller's transaction."""
        cursor = self._connection.cursor()
        cursor.execute(
            sql.SQL("SET LOCAL search_path = {}, public").format(sql.Identifier(self._schema))
        )
        return cursor

    def _slices(self, rows: Sequence[LogRow]) -> Generator[list[RecordedEvent]]:
        """Yield the events in slices; what must be opened is opened a slice ahead of its use."""
        if self.projection.opens and len(rows) > SLICE:
            yield from prefetched(
                self._decode(rows[at : at + SLICE]) for at in range(0, len(rows), SLICE)
            )
        else:
            yield self._decode(rows)

    def _decode(self, rows: Sequence[LogRow]) -> list[RecordedEvent]:
        events = self._opened(rows) if self.projection.opens else self._plain(rows)
        return [
            RecordedEvent(
                row.position,
                row.workspace_id,
                row.stream_id,
                row.command_id,
                row.recorded_at,
                event,
            )
            for row, event in zip(rows, events, strict=True)
        ]

    def _plain(self, rows: Sequence[LogRow]) -> list[Event]:
        decode, events = self._mapper.decode, list[Event]()
        for row in rows:
            try:
                events.append(decode(row.tag, row.data))
            except (UnknownEventError, msgspec.DecodeError) as error:
                raise UnfoldableError(row, reason_of(error)) from error
        return events

    def _opened(self, rows: Sequence[LogRow]) -> list[Event]:
        if any(row.tag == ContactAnonymized.TAG for row in rows):
            # The key was destroyed before this was appended: from here on nothing of the person
            # opens, now as in every later fold.
            self._mapper.forget()
        events = list[Event]()
        for start, end in _workspace_runs(rows):
            run = [(row.tag, row.data) for row in rows[start:end]]
            events += self._mapper.opened(rows[start].workspace_id, run)
        return events


def _workspace_runs(rows: Sequence[LogRow]) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of consecutive rows of one workspace."""
    start = 0
    owners = [row.workspace_id.int for row in rows]  # UUIDs compare in Python, numbers do not
    for at in range(1, len(rows) + 1):
        if at == len(rows) or owners[at] != owners[start]:
            yield start, at
            start = at
