"""The bare limits: what the machine does without any of our rules."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.postgres.connections import open_pool

BATCH = 1_000
_EVENTS = """
DROP TABLE IF EXISTS bare_events;
CREATE TABLE bare_events (
    position bigserial, workspace_id uuid NOT NULL, stream_id uuid NOT NULL, version int NOT NULL,
    command_id uuid NOT NULL, recorded_at timestamptz NOT NULL DEFAULT now(), tag text NOT NULL,
    data bytea NOT NULL
);
CREATE UNIQUE INDEX ON bare_events (workspace_id, stream_id);
CREATE INDEX ON bare_events (position);
"""
_INSERT = """
INSERT INTO bare_events (workspace_id, stream_id, version, command_id, tag, data)
SELECT %b::uuid, s, v, %b::uuid, t, d
  FROM unnest(%b::uuid[], %b::int[], %b::text[], %b::bytea[]) AS u(s, v, t, d)
"""

Row = tuple[UUID, str, bytes]  # stream, tag, payload


@contextmanager
def bare_events(dsn: str) -> Iterator[Connection[TupleRow]]:
    """Yield a superuser's connection beside an empty events-shaped table with its two indexes."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_EVENTS)
        try:
            yield connection
        finally:
            connection.execute("DROP TABLE IF EXISTS bare_events")


def insert(connection: Connection[TupleRow], workspace: UUID, rows: Sequence[Row]) -> None:
    """Insert one batch by binary unnest, one transaction."""
    streams, tags, payloads = zip(*rows, strict=True)
    connection.execute(
        _INSERT,
        (workspace, workspace, list(streams), [0] * len(rows), list(tags), list(payloads)),
        binary=True,
    )


def insert_from_clients(dsn: str, workspace: UUID, rows: Sequence[Row], *, clients: int) -> None:
    """Insert row by row, each its own commit, from several connections."""
    with open_pool(dsn, size=clients) as pool:

        def work(mine: Sequence[Row]) -> None:
            for row in mine:
                with pool.connection() as connection:
                    insert(connection, workspace, [row])

        run_in_threads([partial(work, rows[n::clients]) for n in range(clients)])


def run_in_threads(jobs: Sequence[Callable[[], None]]) -> None:
    """Run the callables at once and wait for all."""
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def read_all(connection: Connection[TupleRow], *, page: int = 5_000) -> int:
    """Read the log by pages in binary, without looking at it; return the rows."""
    after, count = 0, 0
    while True:
        cursor = connection.cursor(binary=True)
        cursor.execute(
            "SELECT position, workspace_id, stream_id, version, command_id, recorded_at, tag, data"
            " FROM events WHERE position > %b ORDER BY position LIMIT %b",
            (after, page),
        )
        rows = cursor.fetchall()
        if not rows:
            return count
        after = rows[-1][0]
        count += len(rows)
