"""Decisions of the rate limiter a second, beside a bare UPSERT that counts."""

import itertools
import time
from collections.abc import Callable
from functools import partial

import psycopg

from infra.postgres.connections import Pool
from infra.postgres.token_leases import TokenLeases
from workers.bench import bare
from workers.bench.measure import Measured, measured
from workers.bench.stage import Stage

CLIENTS = 8
KEYS = 5_000
CAPACITY, PER_S = 10_000_000, 1_000_000.0  # never dry: refusals would come from memory
_BARE = "CREATE UNLOGGED TABLE bare_buckets (bucket bytea PRIMARY KEY, n bigint NOT NULL)"
_COUNT = (
    "INSERT INTO bare_buckets VALUES (%s, 1)"
    " ON CONFLICT (bucket) DO UPDATE SET n = bare_buckets.n + 1"
)


def limiter_hot_key(stage: Stage) -> Measured:
    """Let 8 clients take from one bucket, as an edge does: in blocks while it is hot."""
    return _measure("limiter_hot_key", stage, keys=1)


def limiter_5000_keys(stage: Stage) -> Measured:
    """Let 8 clients take from 5,000 buckets in turn: each token is a statement, or nearly."""
    return _measure("limiter_5000_keys", stage, keys=KEYS)


def _measure(name: str, stage: Stage, *, keys: int) -> Measured:
    buckets = stage.app.rate_buckets
    leases = TokenLeases(buckets)
    with psycopg.connect(stage.superuser_dsn, autocommit=True) as admin:
        admin.execute(_BARE)
        admin.execute("GRANT ALL ON bare_buckets TO engine_app")
    seconds = stage.seconds / 3
    turns = itertools.cycle([f"bench:{n}" for n in range(keys)])
    ours = _rate(lambda: leases.take(next(turns), CAPACITY, PER_S), seconds)
    exact = _rate(lambda: buckets.take(next(turns), CAPACITY, PER_S), seconds)
    limit = _rate(partial(_count, stage.app.pool, turns), seconds)
    return measured(
        name, ours=ours, limit=limit, unit="decisions/s", detail={"without_leases_per_s": exact}
    )


def _count(pool: Pool, turns: "itertools.cycle[str]") -> None:
    with pool.connection() as connection:
        connection.execute(_COUNT, (next(turns).encode(),))


def _rate(decide: Callable[[], object], seconds: float) -> float:
    done: list[int] = []

    def client(until: float) -> None:
        count = 0
        while time.perf_counter() < until:
            decide()
            count += 1
        done.append(count)

    began = time.perf_counter()
    bare.run_in_threads([partial(client, began + seconds)] * CLIENTS)
    return sum(done) / (time.perf_counter() - began)
