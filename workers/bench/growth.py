"""What an append and a read of the newest events cost when the log has grown."""

import time
from collections.abc import Callable
from functools import partial
from uuid import uuid4

import click
import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from workers.bench import bare
from workers.bench.facts import sent_facts
from workers.bench.measure import Measured, measured
from workers.bench.stage import Stage

SMALL, LARGE, CHUNK = 100_000, 10_000_000, 200_000
ROUNDS = 7
TAIL = 20_000
AT_MOST = 1.3

# Filled by a superuser in bulk, into the real tables: the ids of a hundred workspaces spread over
# this month, a commit for each thousand events.
_FILL = """
WITH told AS MATERIALIZED (
    SELECT n, md5('workspace' || n %% 100)::uuid AS workspace_id,
           (lpad(to_hex((extract(epoch FROM date_trunc('month', now()) + n * interval '0.2 s')
                         * 1000)::bigint), 12, '0') || substr(md5(n::text), 1, 20))::uuid AS id,
           md5('command' || (n - 1) / 100000 || '/' || n %% 100)::uuid AS command_id
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
), written AS (
    INSERT INTO events (kind, workspace_id, stream_id, version, command_id, tag, data)
    SELECT 'f', workspace_id, id, 0, command_id, 'delivery.email_sent.v1',
           convert_to(format('{"message_id":"%%s","campaign_id":"%%s","contact_id":"%%s",'
                             '"attempt":1,"relay":"relay"}', id, workspace_id, id), 'UTF8')
      FROM told ORDER BY n
    RETURNING workspace_id, command_id, position
)
INSERT INTO commits (workspace_id, command_id, actor, correlation_id, digest, event_count,
                     first_position, last_position)
SELECT workspace_id, command_id, 'bench', command_id, ''::bytea, count(*),
       min(position), max(position)
  FROM written GROUP BY workspace_id, command_id
"""
_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
 WHERE schemaname = 'public' AND tablename = 'events_facts'
"""


def append_growth_10m(stage: Stage, *, large: int = LARGE) -> Measured:
    """Append and tail at 100,000 events, then at 10 million; the limit is the cost at first."""
    with psycopg.connect(stage.superuser_dsn, autocommit=True) as connection:
        fill(connection, 1, SMALL)
        small_append, small_tail = _costs(stage, connection)
        fill(connection, SMALL + 1, large)
        append, tail = _costs(stage, connection)
    ratios = {"append_ratio": append / small_append, "tail_ratio": tail / small_tail}
    worse = max(((append, small_append), (tail, small_tail)), key=lambda pair: pair[0] / pair[1])
    return measured(
        "append_growth_10m",
        ours=worse[0],
        limit=worse[1],
        unit="us/event",
        at_most=AT_MOST,
        detail=ratios
        | {
            "append_us_per_event": append,
            "append_us_per_event_at_100k": small_append,
            "tail_us_per_event": tail,
            "tail_us_per_event_at_100k": small_tail,
        },
    )


def fill(connection: Connection[TupleRow], first: int, last: int) -> None:
    """Write the events numbered `first` to `last`, and leave nothing for later to flush.

    The facts' indexes are built afterwards: they end up denser than appends leave them, by a
    quarter, but as deep.
    """
    indexes = connection.execute(_INDEXES).fetchall()
    for name, _ in indexes:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    with click.progressbar(
        range(first, last + 1, CHUNK), label=f"filling up to {last:,}"
    ) as chunks:
        for start in chunks:
            end = min(start + CHUNK - 1, last)
            connection.execute(_FILL, {"first": start, "last": end})
    for _, definition in indexes:
        connection.execute(definition.replace(" ON ONLY ", " ON ").encode())
    connection.execute("VACUUM ANALYZE events, commits")
    connection.execute("CHECKPOINT")


def _costs(stage: Stage, connection: Connection[TupleRow]) -> tuple[float, float]:
    """Return the cheapest round of appending and of tailing, in microseconds an event."""
    append = min(_took(bare.BATCH * 5, partial(_append, stage)) for _ in range(ROUNDS))
    connection.execute("VACUUM ANALYZE events")
    tail = min(_took(TAIL, partial(_tail, stage)) for _ in range(ROUNDS))
    return append, tail


def _append(stage: Stage) -> None:
    workspace, campaign = uuid4(), uuid4()
    for _ in range(5):
        stage.app.log.record(sent_facts(bare.BATCH, campaign), stage.context(workspace))


def _tail(stage: Stage) -> None:
    reader = stage.worker.reader
    after = reader.before_last(TAIL)
    read = sum(len(page) for page in reader.pages(after))
    if read != TAIL:
        raise RuntimeError(f"{read} events were read instead of {TAIL}")


def _took(count: int, work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) / count * 1e6
