"""Token buckets: never more than rate x time + burst + what is leased, however many take."""

import multiprocessing
import time
from typing import Any

import psycopg
import pytest

from infra.bootstrap import Adapters
from infra.postgres.connections import Role
from infra.postgres.rate_buckets import BucketsOutError, RateBuckets
from infra.postgres.token_leases import MOST, TokenLeases
from infra.settings import Settings

pytestmark = pytest.mark.integration
CAPACITY, PER_S = 640, 400.0


@pytest.fixture
def buckets(app: Adapters) -> RateBuckets:
    return RateBuckets(app.pool, app.settings.secret_key)


def test_a_bucket_gives_its_capacity_and_then_what_it_refills(buckets: RateBuckets) -> None:
    began = time.monotonic()
    grants = [buckets.take("b", 5, 2.0) for _ in range(7)]
    assert [grant.allowed for grant in grants] == [True] * 5 + [False] * 2
    assert grants[0].remaining == 4
    assert 0 < grants[-1].retry_after_s <= 0.5
    assert grants[0].retry_after_s == 0
    time.sleep(grants[-1].retry_after_s)
    assert buckets.take("b", 5, 2.0).allowed, "after as long as it said"
    assert time.monotonic() - began < 60


def test_all_of_the_tokens_are_taken_or_none(buckets: RateBuckets) -> None:
    assert buckets.take("b", 10, 0.001, 8).remaining == 2
    refused = buckets.take("b", 10, 0.001, 3)
    assert (refused.allowed, int(refused.remaining)) == (False, 2)
    assert refused.retry_after_s == pytest.approx(1000, rel=0.1)
    assert buckets.take("b", 10, 0.001, 2).allowed
    assert not buckets.take("fresh", 10, 0.001, 11).allowed, "more than it can ever hold"


def test_a_smaller_capacity_holds_at_once(buckets: RateBuckets) -> None:
    buckets.take("b", 1000, 0.001)
    assert buckets.take("b", 10, 0.001).remaining == 9


def test_names_are_not_in_the_table_and_full_buckets_are_forgotten(
    buckets: RateBuckets, settings: Settings
) -> None:
    buckets.take("network:192.0.2.0", 5, 1000.0)
    buckets.take("slow", 5, 0.001)
    time.sleep(0.01)
    with psycopg.connect(settings.database_url) as admin:
        rows = admin.execute("SELECT bucket FROM rate_buckets").fetchall()
    assert len(rows) == 2
    assert all(len(row[0]) == 32 and b"192" not in row[0] for row in rows)
    assert buckets.forget_full() == 1
    assert buckets.take("slow", 5, 0.001).remaining < 4, "only the full one"


def test_a_database_that_is_away_is_told_apart_from_a_refusal(
    app: Adapters, buckets: RateBuckets
) -> None:
    app.pool.close()
    with pytest.raises(BucketsOutError):
        buckets.take("b", 5, 1.0)


def test_leases_grow_while_a_bucket_is_hot_and_a_dry_one_is_not_asked_again(
    buckets: RateBuckets, app: Adapters
) -> None:
    leases = TokenLeases(buckets)
    assert [leases.take("b", CAPACITY, 0.001).allowed for _ in range(CAPACITY)] == [True] * CAPACITY
    assert not leases.take("b", CAPACITY, 0.001).allowed
    app.pool.close()  # whatever is known now is known from memory
    dry = leases.take("b", CAPACITY, 0.001)
    assert (dry.allowed, dry.remaining) == (False, 0)
    assert dry.retry_after_s > 900
    assert leases.held("b") is not None


def _take(settings: Settings, stop_at: float, kind: str, taken: Any) -> None:
    adapters = Adapters(settings, role=Role.APP, name="taker")
    buckets = RateBuckets(adapters.pool, settings.secret_key)
    taker = TokenLeases(buckets) if kind == "leased" else buckets
    allowed = 0
    while time.monotonic() < stop_at:
        grant = taker.take("shared", CAPACITY, PER_S)
        allowed += grant.allowed
        if not grant.allowed:
            time.sleep(min(grant.retry_after_s, 0.05))
    taken.put((allowed, time.monotonic()))
    adapters.close()


@pytest.mark.parametrize("kind", ["exact", "leased"])
def test_three_processes_together_get_no_more_than_one_would(settings: Settings, kind: str) -> None:
    spawn = multiprocessing.get_context("fork")
    taken: Any = spawn.Queue()
    began = time.monotonic()
    takers = [
        spawn.Process(target=_take, args=(settings, began + 3, kind, taken)) for _ in range(3)
    ]
    for taker in takers:
        taker.start()
    counts = [taken.get(timeout=60) for _ in takers]
    for taker in takers:
        taker.join()
    elapsed = max(at for _, at in counts) - began
    admitted = sum(allowed for allowed, _ in counts)
    assert all(allowed for allowed, _ in counts), "each of them gets some"
    assert admitted <= PER_S * elapsed + CAPACITY + (3 * MOST if kind == "leased" else 0)
    assert admitted > CAPACITY, "and what is refilled is given out"
