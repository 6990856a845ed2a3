"""How far each follower of the log is behind it."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.postgres.connections import Pool
from infra.projecting.checkpoint import checkpoints
from infra.projecting.partitions import WHOLE, Partition
from projections.registry import PROJECTIONS

COUNT_UPTO = 10_000

# Counts what the follower reads among the next positions: bounded whatever the planner chooses.
_WAITING = """
SELECT count(*), count(*) FILTER (WHERE mine),
       coalesce(min(recorded_at) FILTER (WHERE mine), min(recorded_at)), now()
  FROM (SELECT recorded_at,
               (%(contexts)s::text[] IS NULL OR split_part(tag, '.', 1) = ANY(%(contexts)s))
               AND workspace_partition(workspace_id, %(of)s) = %(number)s AS mine
          FROM events WHERE position > %(after)s AND position <= %(upto)s
       ) waiting
"""
_PARKED = "SELECT follower, count(*) FROM parked_events GROUP BY follower"


class Lag(msgspec.Struct, frozen=True):
    """One follower, or a partition of one.

    `events` it has not seen: counted up to 10,000, above that all positions up to the horizon;
    `seconds` is the age of the oldest of them. `parked` is of the whole follower.
    """

    kind: str  # relay, sealer, projection or policy
    follower: str
    partition: str
    position: int
    horizon: int
    events: int
    seconds: float
    parked: int


class Follower(msgspec.Struct, frozen=True):
    """What is behind the log: who, where, and what it reads (None: everything)."""

    kind: str
    name: str
    position: int
    partition: Partition = WHOLE
    contexts: Sequence[str] | None = None


def lags(pool: Pool) -> list[Lag]:
    """Return the lag of relay and sealer, of every serving projection and of every policy."""
    with pool.connection() as connection:
        row = connection.execute("SELECT log_horizon()").fetchone()
        horizon = int(row[0]) if row else 0
        parked: dict[str, int] = dict(connection.execute(_PARKED).fetchall())
        return [
            _lag(connection, follower, horizon=horizon, parked=parked.get(follower.name, 0))
            for follower in _followers(connection)
        ]


def _followers(connection: Connection[TupleRow]) -> Iterator[Follower]:
    for (position,) in connection.execute("SELECT position FROM relay_cursor"):
        yield Follower("relay", "relay", position)
    for (position,) in connection.execute("SELECT position FROM sealer_cursor"):
        yield Follower("sealer", "sealer", position)
    for row in checkpoints(connection):
        projection = PROJECTIONS.get(row.name)
        contexts = sorted(projection.contexts) if projection else None
        yield Follower("projection", row.name, row.position, row.partition, contexts)
    for name, position in connection.execute(
        "SELECT policy, position FROM policy_cursors ORDER BY policy"
    ):
        yield Follower("policy", name, position)


def _lag(connection: Connection[TupleRow], follower: Follower, *, horizon: int, parked: int) -> Lag:
    events, seconds = 0, 0.0
    if follower.position < horizon:
        row = connection.execute(
            _WAITING,
            {
                "contexts": follower.contexts,
                "of": follower.partition.of,
                "number": follower.partition.number,
                "after": follower.position,
                "upto": min(horizon, follower.position + COUNT_UPTO),
            },
        ).fetchone()
        events, seconds = _measured(row, above=horizon - follower.position)
    return Lag(
        kind=follower.kind,
        follower=follower.name,
        partition=str(follower.partition),
        position=follower.position,
        horizon=horizon,
        events=events,
        seconds=seconds,
        parked=parked,
    )


def _measured(row: tuple[int, int, datetime, datetime] | None, *, above: int) -> tuple[int, float]:
    """Return events and seconds: exact when all were looked at, else an upper bound."""
    all_seen = above <= COUNT_UPTO
    if row is None or row[0] == 0 or (all_seen and not row[1]):
        return (0 if all_seen else above), 0.0
    _, mine, oldest, now = row
    return (mine if all_seen else above), round((now - oldest).total_seconds(), 1)
