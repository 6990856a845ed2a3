"""The one ASGI application: mounts what answers and what asks, behind one edge."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from signal import SIGUSR1

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.observability.http_metrics import HttpMetrics
from infra.postgres.token_leases import TokenLeases
from read_api.edge.body_guard import SMALL_BODY_BYTES, guard_body
from read_api.edge.client_address import ProxyTrust
from read_api.edge.envelope import Envelope
from read_api.edge.front_door import FrontDoor
from read_api.edge.origins import Origins
from read_api.edge.permission_guard import PermissionGuard, require_declarations
from read_api.edge.problems import EXCEPTION_HANDLERS
from read_api.edge.rate_limit import RateLimits
from read_api.edge.sse import LiveStreams
from read_api.openapi import render_document
from read_api.routes import ROUTES, mounted
from read_api.wiring import Wiring, authentication, constant

THREADS = 16
"""Threads for handlers that talk to the database; the pool is as large."""
MULTIPART_PARTS = 20
DRAIN_SIGNAL = SIGUSR1


def create_app(
    adapters: Adapters,
    *,
    routes: Sequence[HTTPRouteHandler] = ROUTES,
    metrics: HttpMetrics | None = None,
) -> Litestar:
    """Build the application; the adapters stay the caller's to close.

    Raises UndeclaredRouteError for a route without a permission that is not public either.
    """
    wiring = Wiring(adapters)
    dependencies = wiring.dependencies()
    edge, metrics = adapters.settings.edge, metrics or HttpMetrics(adapters.pool)
    limits = RateLimits(TokenLeases(adapters.rate_buckets), edge, refused=metrics.limited)
    app = Litestar(
        route_handlers=[mounted(routes)],
        dependencies={
            **dependencies,
            "openapi": constant(render_document(routes, dependencies)),
        },
        guards=[PermissionGuard(authentication(adapters), limits).check],
        before_request=guard_body,
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=SMALL_BODY_BYTES,
        multipart_form_part_limit=MULTIPART_PARTS,
        openapi_config=None,
        logging_config=None,
        lifespan=[_running(wiring)],
    )
    require_declarations(app)
    door = FrontDoor(
        app.asgi_handler, proxies=ProxyTrust(edge.proxies), origins=Origins(adapters.settings)
    )
    app.asgi_handler = Envelope(door, new_id=new_id, metrics=metrics)
    return app


def _running(wiring: Wiring) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def running(_: Litestar) -> AsyncGenerator[None, None]:
        """Append hits while the app runs; what is buffered at the end is appended."""
        threads = ThreadPoolExecutor(THREADS, thread_name_prefix="http")
        asyncio.get_running_loop().set_default_executor(threads)
        wiring.hits.start()
        _end_at_drain(wiring.live)
        try:
            yield
        finally:
            wiring.live.end()
            wiring.hits.close()

    return running


def _end_at_drain(live: LiveStreams) -> None:
    """End streams when the server's main process says that it drains: it waits for requests."""
    with suppress(RuntimeError):  # in a thread, which gets no signals: a test
        asyncio.get_running_loop().add_signal_handler(DRAIN_SIGNAL, live.end)
