"""What the HTTP server loads by name: the application with the adapters of its environment."""

import multiprocessing

import structlog
from litestar import Litestar

from infra.bootstrap import Adapters
from infra.crypto.derive import derive_key
from infra.embedded.parent_death import die_with_parent
from infra.garbage import collect_rarely
from infra.observability.http_metrics import HttpMetrics
from infra.observability.internal_port import InternalPort
from infra.observability.logging import configure_logging
from infra.observability.tracing import start_tracing
from infra.postgres.connections import Role
from infra.settings import load_settings
from read_api.app import THREADS, create_app
from read_api.wiring import health_checks

log = structlog.get_logger()


def build() -> Litestar:
    """Build the application from the environment."""
    if multiprocessing.parent_process() is not None:
        die_with_parent()  # the server's main process may be killed without a chance to say so
    settings = load_settings()
    configure_logging(service="api", redaction_key=derive_key(settings.secret_key, "log-redaction"))
    adapters = Adapters(settings, role=Role.APP, name="engine-api", pool_size=THREADS)
    metrics = HttpMetrics(adapters.pool)
    app = create_app(adapters, metrics=metrics)
    inside = InternalPort(metrics.registry, health_checks(adapters))

    def show() -> None:
        host, port = settings.metrics_host, settings.api_metrics_port
        try:
            inside.start(host, port)
        except OSError as error:  # no reason to answer nobody
            log.warning("metrics_not_shown", host=host, port=port, error=error)

    if settings.api_metrics_port:
        app.on_startup.append(show)
    app.on_shutdown += [
        inside.close,
        adapters.close,
        start_tracing(settings, service="api"),
    ]
    return app


app = build()
collect_rarely()
