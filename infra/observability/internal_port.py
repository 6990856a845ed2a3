"""A port for inside alone: the API process's metrics and health, off the public address."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import msgspec
from prometheus_client import CollectorRegistry, make_wsgi_app

Checks = Callable[[], Mapping[str, str]]
StartResponse = Callable[..., Any]
LOOP_WITHIN_S = 1.0


class InternalPort:
    """Answers /metrics, /livez, /readyz and /startupz in threads of its own."""

    def __init__(self, registry: CollectorRegistry, checks: Checks) -> None:
        self._metrics = make_wsgi_app(registry)
        self._checks = checks
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: WSGIServer | None = None

    def start(self, host: str, port: int) -> int:
        """Listen; returns the port. Call in the event loop. Raises OSError when it is taken."""
        self._loop = asyncio.get_running_loop()
        server = make_server(
            host, port, self._answer, server_class=_Server, handler_class=_SilentHandler
        )
        self._server = server
        Thread(target=server.serve_forever, name="internal-port", daemon=True).start()
        return server.server_port

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def _answer(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/metrics":
                page: Iterable[bytes] = self._metrics(environ, start)
                return page
            case "/livez":
                return _say(start, {"event_loop": "ok" if self._loop_turns() else "down"})
            case "/readyz" | "/startupz":
                return _say(start, self._checks())
            case _:
                start("404 Not Found", [])
                return []

    def _loop_turns(self) -> bool:
        if self._loop is None:
            return False
        try:
            turning = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._loop)
            turning.result(LOOP_WITHIN_S)
        except (TimeoutError, RuntimeError):
            return False
        return True


def _say(start: StartResponse, checks: Mapping[str, str]) -> Iterable[bytes]:
    well = "down" not in checks.values()
    start("200 OK" if well else "503 Service Unavailable", [("Content-Type", "application/json")])
    return [msgspec.json.encode(checks)]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class _SilentHandler(WSGIRequestHandler):
    timeout = 5

    def log_message(self, *_: object) -> None:
        """Write no line a scrape."""
