"""Fold around the events that cannot be applied: they are parked with their kin, others go on."""

from collections.abc import Sequence

import msgspec
import psycopg
import structlog
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from infra.eventstore.reader import LogRow
from infra.postgres.failures import reason_of
from infra.postgres.parked_events import WAITS, Key, ParkedEvent, park, parked_keys
from projections.projection import Projection, RecordedEvent

AWAY = (psycopg.OperationalError, psycopg.InterfaceError)
"""The database is not there, or a lock is not to be had: no fault of the event."""

log = structlog.get_logger()


class Tried(msgspec.Struct, frozen=True):
    """A row of the log, and its event or why it could not be decoded."""

    row: LogRow
    event: RecordedEvent | None
    reason: str = ""

    @property
    def key(self) -> Key:
        """Whose later events wait when this one is parked."""
        about = self.event.key if self.event else self.row.stream_id
        return self.row.workspace_id, about


class Parking:
    """Applies a batch in the open transaction of its checkpoint, without what is bad in it.

    A batch that fails is halved until the bad events are alone: k of them in n cost k log n tries.
    """

    def __init__(
        self, projection: Projection, connection: Connection[TupleRow], cursor: Cursor[TupleRow]
    ) -> None:
        self._projection = projection
        self._connection = connection
        self._cursor = cursor
        self._held: set[Key] = set()

    def take(self, batch: Sequence[Tried]) -> None:
        """Apply the batch in its order; park what is bad and what waits behind it."""
        self._held |= parked_keys(
            self._cursor, self._projection.name, {tried.key for tried in batch}
        )
        self._take(batch)

    def _take(self, batch: Sequence[Tried]) -> None:
        free = [tried for tried in batch if tried.key not in self._held]
        if len(free) < len(batch):
            self._park([(tried, WAITS) for tried in batch if tried.key in self._held])
        if not free:
            return
        reason = apply_or_reason(self._projection, self._connection, self._cursor, free)
        if not reason:
            return
        if len(free) == 1:
            self._park([(free[0], reason)])
            log.error(
                "event_parked",
                projection=self._projection.name,
                position=free[0].row.position,
                reason=reason,
            )
            self._held.add(free[0].key)
            return
        middle = len(free) // 2
        self._take(free[:middle])
        self._take(free[middle:])

    def _park(self, found: Sequence[tuple[Tried, str]]) -> None:
        park(self._cursor, [_parked(self._projection.name, *each) for each in found])


def apply_or_reason(
    projection: Projection,
    connection: Connection[TupleRow],
    cursor: Cursor[TupleRow],
    batch: Sequence[Tried],
) -> str:
    """Apply a batch under a savepoint; return "" or why nothing of it was applied."""
    events = [tried.event for tried in batch if tried.event]
    if len(events) < len(batch):
        return next(tried.reason for tried in batch if not tried.event)
    try:
        with connection.transaction():
            projection.apply(events, cursor)
    except AWAY:
        raise
    except Exception as error:  # noqa: BLE001 - parked with its reason, the others go on
        return reason_of(error)
    return ""


def _parked(follower: str, tried: Tried, reason: str) -> ParkedEvent:
    workspace_id, key = tried.key
    return ParkedEvent(
        follower=follower,
        workspace_id=workspace_id,
        position=tried.row.position,
        key=key,
        tag=tried.row.tag,
        reason=reason,
    )
