"""The recorder: the library's, but with a tenant, without a table lock, by binary unnest.

What the library does with LOCK TABLE and NOTIFY is done here by a shared advisory lock that is
numbered by the head of the sequence (`log_begin`, `log_horizon` in 0001_pre_log.sql, ADR 0003):
nobody waits, no reader skips.
"""

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Thread
from time import sleep
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from uuid import UUID, uuid4

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    StoredEvent,
    Subscription,
)
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow, tuple_row

from domain.shared.context import Context
from infra.eventstore.batch import Appended, EventBatch
from infra.failpoints import Failpoint, failpoint
from infra.postgres.tenant_scope import enter
from infra.settings import SettingsError

ATTEMPTS = 5
FACTS_IDENTITY = "events_facts"  # prefix of every index that enforces a fact's identity

APPEND = """
SELECT * FROM append_events(%b::text::"char", %b, %b, %b,
                            %b, %b::int[], %b, %b,
                            %b, %b, %b, %b, %b, %b)
"""
FIND_COMMIT = """
SELECT event_count, first_position, last_position FROM commits
 WHERE workspace_id = %b AND command_id = %b
"""
READ_STREAM = "SELECT * FROM stream_events(%b, %b)"
SELECT_STREAM = """
SELECT version, tag, data, position FROM events
 WHERE kind = 'd' AND workspace_id = %b AND stream_id = %b
"""
BETWEEN_VERSIONS = (
    " AND version > coalesce(%b::int, -1) AND version <= coalesce(%b::int, 2147483647)"
)

P = ParamSpec("P")
R = TypeVar("R")


def _again(
    read: Callable[Concatenate["TenantRecorder", P], R], /
) -> Callable[Concatenate["TenantRecorder", P], R]:
    """Repeat a read on a fresh connection when the pool lent a dead one."""

    @functools.wraps(read)
    def wrapper(self: "TenantRecorder", /, *args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(ATTEMPTS - 1):
            try:
                return read(self, *args, **kwargs)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                self.drop_dead_connections()
        return read(self, *args, **kwargs)

    return wrapper


def open_datastore(dsn: str, *, size: int = 4) -> PostgresDatastore:
    """Open the library's pool on a connection string of ours.

    Raises SettingsError when its fast mode is on, which loses events for tailing readers.
    """
    if os.environ.get("POSTGRES_ENABLE_DB_FUNCTIONS", "").lower() in {
        "y",
        "yes",
        "t",
        "true",
        "on",
        "1",
    }:
        raise SettingsError(
            "POSTGRES_ENABLE_DB_FUNCTIONS loses events for readers that follow the log; unset it"
        )
    given = conninfo_to_dict(dsn)
    datastore = PostgresDatastore(
        dbname=str(given.pop("dbname")),
        host=str(given.pop("host", "")),
        port=str(given.pop("port", "")),
        user=str(given.pop("user")),
        password=str(given.pop("password")),
        pool_size=0,
        max_overflow=size,
        connect_timeout=20,
    )
    cast(dict[str, Any], datastore.pool.kwargs).update(given)
    return datastore


class TenantRecorder(PostgresApplicationRecorder):
    """The library's recorder of one workspace, over the log that all workspaces share."""

    def __init__(self, datastore: PostgresDatastore, *, workspace_id: UUID | None = None) -> None:
        super().__init__(datastore, events_table_name="events")
        self._workspace_id = workspace_id

    def create_table(self) -> None:
        """Do nothing: tables come from migrations, the app role owns none."""

    def append(self, batch: EventBatch) -> Appended:
        """Write the batch in one transaction, and its effects with it.

        A command that was recorded before returns its first answer; facts that are in the log
        already are left out. Raises IntegrityError when a decision lost its race.
        """
        skip_known = False
        for attempt in range(ATTEMPTS):
            try:
                return self._write(batch, skip_known=skip_known)
            except psycopg.errors.UniqueViolation as error:
                before = self.find_commit(batch.context)
                if before is not None:
                    return before
                if not (error.diag.constraint_name or "").startswith(FACTS_IDENTITY):
                    raise IntegrityError(str(error)) from error
                skip_known = True
            except (psycopg.OperationalError, psycopg.InterfaceError):
                # The answer to COMMIT may be lost with the connection: the retry meets the
                # commit's row and returns what was recorded.
                if attempt == ATTEMPTS - 1:
                    raise
                self.drop_dead_connections()
        raise IntegrityError("facts of this batch collide with facts told at the same time")

    @_again
    def find_commit(self, context: Context) -> Appended | None:
        """Return what this command recorded, if it did."""
        with self._tenant(context.workspace_id) as cursor:
            row = cursor.execute(FIND_COMMIT, (context.workspace_id, context.command_id)).fetchone()
        return None if row is None else Appended(*row)

    @_again
    def read_stream(self, workspace_id: UUID, stream_id: UUID) -> list[tuple[int, str, bytes, int]]:
        """Return (version, tag, payload, position) of a decision stream, oldest first."""
        with self._connection() as connection:
            cursor = connection.cursor(binary=True, row_factory=tuple_row)
            return cast(
                "list[tuple[int, str, bytes, int]]",
                cursor.execute(READ_STREAM, (workspace_id, stream_id)).fetchall(),
            )

    def _write(self, batch: EventBatch, *, skip_known: bool) -> Appended:
        parameters = append_parameters(batch, skip_known=skip_known)
        with self._connection() as connection:
            cursor = connection.cursor(binary=True, row_factory=tuple_row)
            if batch.decisions and not batch.effects:
                row = cursor.execute(APPEND, parameters).fetchone()
            else:
                with connection.pipeline(), connection.transaction():
                    failpoint(Failpoint.APPENDER_BEGUN)
                    row = cursor.execute(APPEND, parameters).fetchone()
                    for effect in batch.effects:
                        effect.apply(cursor)
                    failpoint(Failpoint.APPENDER_WRITTEN)
        failpoint(Failpoint.APPENDER_COMMITTED)
        return Appended(*row)

    def drop_dead_connections(self) -> None:
        """Try those that wait in the pool: where one was dead all may be, more than ATTEMPTS."""
        self.datastore.pool.check()

    def _connection(self) -> Any:  # noqa: ANN401 - the pool's untyped context manager
        self.datastore.pool.open()
        return self.datastore.pool.connection()

    @contextmanager
    def _tenant(self, workspace_id: UUID) -> Iterator[Cursor[TupleRow]]:
        """Read in one transaction that is bound to a workspace, sent in one go."""
        with self._connection() as connection, connection.pipeline(), connection.transaction():
            cursor = connection.cursor(binary=True, row_factory=tuple_row)
            enter(cursor, workspace_id)
            yield cursor

    # The library's own interface, for the tools and tests that speak it.

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        **_: Any,  # noqa: ANN401 - the library's signature
    ) -> Sequence[int] | None:
        """Append the library's events as decisions of this recorder's workspace."""
        if not stored_events:
            return []
        batch = EventBatch(
            decisions=True,
            context=self._library_context(),
            stream_ids=[cast(UUID, e.originator_id) for e in stored_events],
            versions=[e.originator_version for e in stored_events],
            tags=[e.topic for e in stored_events],
            payloads=[e.state for e in stored_events],
        )
        return self.append(batch).positions

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return events of one stream, as the library wants them."""
        order = " ORDER BY version DESC" if desc else " ORDER BY version"
        query = SELECT_STREAM + BETWEEN_VERSIONS + order + " LIMIT %b::bigint"
        with self._tenant(self._workspace()) as cursor:
            rows = cursor.execute(query, (self._workspace(), originator_id, gt, lte, limit))
            return [
                StoredEvent(originator_id, version, tag, bytes(data))
                for version, tag, data, _ in rows.fetchall()
            ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return this workspace's events by position, never past the horizon."""
        after = -1 if start is None else start - 1 if inclusive_of_start else start
        with self._connection() as connection:
            horizon = connection.execute("SELECT log_horizon() AS h").fetchone()["h"]
        with self._tenant(self._workspace()) as cursor:
            rows = cursor.execute(
                "SELECT position, stream_id, version, tag, data FROM events"
                " WHERE position > %b AND position <= %b AND (%b::text[] = '{}' OR tag = ANY(%b))"
                " ORDER BY position LIMIT %b",
                (after, min(horizon, stop or horizon), list(topics), list(topics), limit),
            )
            return [
                Notification(
                    id=position, originator_id=stream, originator_version=version,
                    topic=tag, state=bytes(data),
                )
                for position, stream, version, tag, data in rows.fetchall()
            ]  # fmt: skip

    def max_notification_id(self) -> int | None:
        """Return the highest visible position of this workspace."""
        with self._tenant(self._workspace()) as cursor:
            row = cursor.execute("SELECT max(position) FROM events").fetchone()
        return cast("int | None", row[0]) if row else None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Follow this workspace's events by polling: an append never notifies."""
        return PollingSubscription(recorder=self, gt=gt, topics=topics)

    def _workspace(self) -> UUID:
        if self._workspace_id is None:
            raise RuntimeError("the library's interface needs a recorder of one workspace")
        return self._workspace_id

    def _library_context(self) -> Context:
        command_id = uuid4()
        return Context(
            workspace_id=self._workspace(),
            actor="library",
            now=datetime.now(UTC),
            command_id=command_id,
            correlation_id=command_id,
        )


def append_parameters(batch: EventBatch, *, skip_known: bool) -> tuple[object, ...]:
    """Return what APPEND wants."""
    context = batch.context
    return (
        "d" if batch.decisions else "f",
        skip_known,
        context.workspace_id,
        context.command_id,
        batch.stream_ids,
        batch.versions,
        batch.tags,
        batch.payloads,
        context.actor,
        context.correlation_id,
        context.causation_id,
        context.ip,
        context.command,
        batch.digest(),
    )


class PollingSubscription(ListenNotifySubscription[TenantRecorder]):
    """A subscription that looks for news ten times a second."""

    def __init__(
        self, recorder: TenantRecorder, gt: int | None = None, topics: Sequence[str] = ()
    ) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._poll_thread = Thread(target=self._poll, daemon=True)
        self._poll_thread.start()

    def _poll(self) -> None:
        while not self._has_been_stopped and not self._thread_error:
            self._has_been_notified.set()
            sleep(0.1)
