"""Metrics for Prometheus: the four lags, what is parked, who is alive. Labels name no tenant.

Figures are asked of the database when somebody scrapes, and kept for some seconds: scrapes of
several servers cost it once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Lock, Thread
from time import monotonic
from wsgiref.simple_server import WSGIServer

import psycopg
import structlog
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from psycopg_pool import PoolTimeout

from infra.postgres.connections import Pool
from infra.postgres.failures import reason_of
from infra.projecting.figures import Figures, figures
from infra.projecting.lag import Lag

KEEP_S = 5.0

log = structlog.get_logger()


class EngineCollector(Collector):
    """Turns the figures of one database into metrics."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lock = Lock()
        self._kept: Sequence[Metric] = ()
        self._fresh_until = 0.0

    def collect(self) -> Iterable[Metric]:
        """Return the figures of the last seconds; without a database only that it is away."""
        with self._lock:
            if monotonic() >= self._fresh_until:
                self._kept = list(self._look())
                self._fresh_until = monotonic() + KEEP_S
            return self._kept

    def _look(self) -> Iterator[Metric]:
        try:
            found = figures(self._pool)
        except (psycopg.Error, PoolTimeout) as error:
            log.warning("metrics_without_database", error=reason_of(error))
            yield _gauge("engine_database_up", "Whether the database answered.", 0)
            return
        yield _gauge("engine_database_up", "Whether the database answered.", 1)
        yield from _of_the_log(found)
        yield from _of_followers(found.lags)
        yield from _of_parts(found)
        yield from _of_switches(found)


def serve_metrics(pool: Pool, *, host: str, port: int) -> tuple[WSGIServer, Thread]:
    """Answer `GET /metrics` in a thread of its own. Raises OSError when the port is taken."""
    registry = CollectorRegistry()
    registry.register(EngineCollector(pool))
    return start_http_server(port, addr=host, registry=registry)


LABELS: Mapping[str, Sequence[str]] = {
    "relay": (),
    "sealer": (),
    "projection": ("projection", "partition"),
    "policy": ("policy",),
}
"""The kinds of followers of the log, and what tells two of a kind apart."""


def _of_the_log(found: Figures) -> Iterator[Metric]:
    yield _gauge("engine_log_head_position", "Highest position drawn.", found.head)
    yield _gauge(
        "engine_log_horizon_lag_events",
        "Positions drawn that readers may not read yet: appends that are not committed.",
        found.head - found.horizon,
    )


def _of_followers(lags: Sequence[Lag]) -> Iterator[Metric]:
    for kind, labels in LABELS.items():
        mine = [lag for lag in lags if lag.kind == kind]
        rows = [((lag.follower, lag.partition)[: len(labels)], lag) for lag in mine]
        events = GaugeMetricFamily(
            f"engine_{kind}_lag_events", f"Events the {kind} has not seen.", labels=labels
        )
        seconds = GaugeMetricFamily(
            f"engine_{kind}_lag_seconds", "Age of the oldest of them.", labels=labels
        )
        for values, lag in rows:
            events.add_metric(values, lag.events)
            seconds.add_metric(values, lag.seconds)
        yield events
        yield seconds


def _of_parts(found: Figures) -> Iterator[Metric]:
    parked = GaugeMetricFamily(
        "engine_parked_events",
        "Events that could not be applied (failed), or wait behind one (waiting).",
        labels=("follower", "state"),
    )
    for (follower, state), count in found.parked.items():
        parked.add_metric((follower, state), count)
    yield parked
    ages = GaugeMetricFamily(
        "engine_heartbeat_age_seconds", "Since a worker last spoke.", labels=("worker",)
    )
    for worker, age in found.heartbeats.items():
        ages.add_metric((worker,), age)
    yield ages
    behind = GaugeMetricFamily(
        "engine_rebuild_left_events",
        "Positions a rebuild has still to read.",
        labels=("projection",),
    )
    failed = GaugeMetricFamily(
        "engine_rebuild_failed", "Whether an event stopped the rebuild.", labels=("projection",)
    )
    for rebuild in found.rebuilds:
        behind.add_metric((rebuild.name,), max(0, rebuild.upto - rebuild.position))
        failed.add_metric((rebuild.name,), int(rebuild.failed_at is not None))
    yield behind
    yield failed


def _of_switches(found: Figures) -> Iterator[Metric]:
    yield _gauge(
        "engine_killswitch_epoch", "How often kill switches were turned.", found.switch_epoch
    )
    confirmed = GaugeMetricFamily(
        "engine_killswitch_epoch_confirmed",
        "Up to which of these turns every dispatcher has confirmed; absent without a dispatcher.",
    )
    if found.switch_epoch_confirmed is not None:
        confirmed.add_metric((), found.switch_epoch_confirmed)
    yield confirmed


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=value)
