"""Around every request, found or not: its id, the security headers, one line in the log."""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import structlog
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from opentelemetry.context import Context

from commands.http.pages import STYLE_DIGEST
from infra.observability.http_metrics import NO_ROUTE, HttpMetrics
from infra.observability.tracing import TRACEPARENT, given_trace, span, trace_of
from read_api.edge.rate_limit import rate_limit_headers
from read_api.edge.request_marks import LIMITS, REQUEST_ID

log = structlog.get_logger()

QUIET_ROUTES = frozenset(
    {"/livez", "/readyz", "/startupz", "/t/o/{pixel}", "/t/c/{token}", "/assets/{name}"}
)
"""Not logged while all is well: probes and files come for ever, opens and clicks are facts."""
FIRST_FAULT = 400
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_DIGEST}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"cross-origin"),  # the pixel is shown on foreign pages
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),  # ignored over http
    (b"cache-control", b"no-store"),
    (b"vary", b"Origin"),
)


class Envelope:
    """The outermost layer of the app."""

    def __init__(self, app: ASGIApp, *, new_id: Callable[[], UUID], metrics: HttpMetrics) -> None:
        self._app = app
        self._new_id = new_id
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        request_id = _given_id(scope) or self._new_id()
        marks: dict[str, Any] = scope  # type: ignore[assignment] # a TypedDict, by ASGI open to more keys
        marks[REQUEST_ID] = request_id
        status = 0
        started = time.perf_counter()

        async def send_wrapped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                await _until_floor(scope, started)
                counted = rate_limit_headers(marks.get(LIMITS, ()))
                spoken = _own_headers(scope, message["headers"])
                common = [pair for pair in HEADERS if pair[0] not in spoken]
                own = [*common, *counted, (b"x-request-id", str(request_id).encode())]
                names = {name for name, _ in own}
                kept = [pair for pair in message["headers"] if pair[0].lower() not in names]
                message["headers"] = [*kept, *own]
            await send(message)

        parent = _given_trace(scope) or trace_of(request_id)
        with (
            structlog.contextvars.bound_contextvars(request_id=str(request_id)),
            span("http_request", parent=parent, request_id=str(request_id)) as traced,
        ):
            try:
                await self._app(scope, receive, send_wrapped)
            finally:
                route = str(scope.get("path_template") or NO_ROUTE)
                seconds = time.perf_counter() - started
                traced.set_attributes({"route": route, "status": status})
                self._metrics.answered(
                    route=route, method=str(scope.get("method")), status=status, seconds=seconds
                )
                if route not in QUIET_ROUTES or not 0 < status < FIRST_FAULT:
                    log.info(
                        "http_request",
                        method=scope.get("method"),
                        route=route,
                        status=status,
                        ms=round(seconds * 1000, 1),
                    )
                structlog.contextvars.unbind_contextvars("workspace_id")


def _own_headers(scope: Scope, headers: Iterable[tuple[bytes, bytes]]) -> set[bytes]:
    """Return the headers that this answer says itself, where the route's opt lets it."""
    handler = scope.get("route_handler")
    allowed: frozenset[bytes] = getattr(handler, "opt", {}).get("own_headers", frozenset())
    return {name.lower() for name, _ in headers} & allowed


async def _until_floor(scope: Scope, started: float) -> None:
    """Wait where the route's opt `floor_s` asks for it: its answers all take as long.

    What such a route does for an address that has an account must not be told by the clock (OWASP
    ASVS 5.0, 6.3.8). Nothing is held meanwhile, neither a thread nor a connection.
    """
    handler = scope.get("route_handler")
    floor_s = getattr(handler, "opt", {}).get("floor_s")
    if floor_s is not None:
        await asyncio.sleep(max(0.0, floor_s - (time.perf_counter() - started)))


def _given_trace(scope: Scope) -> Context | None:
    values = [value for name, value in scope["headers"] if name == TRACEPARENT.encode()]
    return given_trace(values[0].decode("latin-1")) if len(values) == 1 else None


def _given_id(scope: Scope) -> UUID | None:
    """Take the caller's request id when it is a UUID: anything else could forge log lines."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            try:
                return UUID(value.decode("ascii"))
            except ValueError:
                return None
    return None
