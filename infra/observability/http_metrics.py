"""Figures of one API process. No label comes from what a caller wrote."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from infra.postgres.connections import Pool

BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
NO_ROUTE = "unknown"


class HttpMetrics:
    """Counts requests, refusals and waits; `registry` is what a scrape shows."""

    def __init__(self, pool: Pool) -> None:
        self.registry = CollectorRegistry()
        self._requests = Histogram(
            "engine_http_request_duration_seconds",
            "From the request's head to the end of its answer.",
            ("route", "method", "status"),
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self._limited = Counter(
            "engine_http_rate_limited",
            "Requests refused by a limit: network, key or workspace.",
            ("policy",),
            registry=self.registry,
        )
        self._unauthorized = Counter(
            "engine_http_unauthorized",
            "Requests refused because of their credential, sign-ins included.",
            ("route",),
            registry=self.registry,
        )
        self.registry.register(PoolCollector(pool))

    def answered(self, *, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request; `route` is the template of a route of ours, or `unknown`."""
        known = method if method in METHODS else "other"
        self._requests.labels(route, known, str(status)).observe(seconds)
        if status == 401:  # noqa: PLR2004
            self._unauthorized.labels(route).inc()

    def limited(self, policy: str) -> None:
        """Count one refusal of a limit."""
        self._limited.labels(policy).inc()


class PoolCollector(Collector):
    """The connections of the process, asked of the pool when somebody scrapes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def collect(self) -> Iterable[Metric]:
        """Return waits and sizes."""
        stats = self._pool.get_stats()
        yield CounterMetricFamily(
            "engine_db_pool_wait_seconds",
            "Time requests have waited for a connection.",
            value=stats.get("requests_wait_ms", 0) / 1000,
        )
        yield CounterMetricFamily(
            "engine_db_pool_waits",
            "Requests that had to wait for a connection.",
            value=stats.get("requests_queued", 0),
        )
        yield GaugeMetricFamily(
            "engine_db_pool_connections", "Connections now.", value=stats.get("pool_size", 0)
        )
        yield GaugeMetricFamily(
            "engine_db_pool_waiting",
            "Requests that wait for a connection now.",
            value=stats.get("requests_waiting", 0),
        )
