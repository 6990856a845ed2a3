"""What the log's speed is measured against: the library's recorder as it comes, and its lock.

Only the benchmarks use this; it stands here because eventsourcing is imported nowhere else.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder
from psycopg.rows import tuple_row

from infra.eventstore.batch import Appended, EventBatch
from infra.eventstore.log import PostgresEventLog
from infra.eventstore.mapper import Mapper
from infra.eventstore.recorder import (
    APPEND,
    TenantRecorder,
    append_parameters,
    open_datastore,
)

Append = Callable[[UUID, str, bytes], object]


@contextmanager
def stock_decisions(dsn: str, *, size: int) -> Iterator[Append]:
    """Yield (stream, tag, payload) -> read the stream and append its first event, as it comes.

    The login must be allowed to create tables: the library makes its own.
    """
    with open_datastore(dsn, size=size) as datastore:
        recorder = PostgresApplicationRecorder(datastore, events_table_name="stock_events")
        recorder.create_table()

        def append(stream_id: UUID, tag: str, payload: bytes) -> None:
            version = len(recorder.select_events(stream_id))
            recorder.insert_events([StoredEvent(stream_id, version + 1, tag, payload)])

        yield append


class LockedRecorder(TenantRecorder):
    """Ours, but every append takes the table lock that the library takes."""

    def _write(self, batch: EventBatch, *, skip_known: bool) -> Appended:
        parameters = append_parameters(batch, skip_known=skip_known)
        with self._connection() as connection:
            cursor = connection.cursor(binary=True, row_factory=tuple_row)
            with connection.pipeline(), connection.transaction():
                cursor.execute("LOCK TABLE events IN EXCLUSIVE MODE")
                cursor.execute(APPEND, parameters)
            return Appended(*cursor.fetchone())


@contextmanager
def locked_log(dsn: str, mapper: Mapper, *, size: int) -> Iterator[PostgresEventLog]:
    """Yield a log whose appends wait for each other; its role needs MAINTAIN on the events."""
    with open_datastore(dsn, size=size) as datastore:
        yield PostgresEventLog(LockedRecorder(datastore), mapper)
