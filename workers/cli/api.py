"""`engine api`: the HTTP process alone. The server loads the application by name."""

import multiprocessing
import os
import signal
from contextlib import suppress

import click
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.server.mp import MPServer
from msgspec import structs

from infra.embedded.ports import PortTakenError, free_port, require_free
from infra.observability.logging import configure_logging
from infra.postgres.connections import Role, role_password
from infra.settings import Settings, SettingsError, load_settings

APPLICATION = "read_api.asgi:app"
STOP_WITHIN_S = 20
"""For requests in flight at SIGTERM; then the worker is killed."""
HEAD_WITHIN_MS = 10_000
"""For the head of a request, and for the next one on a connection that is kept."""
HEAD_BYTES = 64 * 1024
CONNECTIONS = 2_048
"""Held at a time; a proxy in front holds the rest (docs/http.md)."""
SERVER_LOG = {
    # The server's lines go the way of all others, through the root logger.
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"level": "INFO", "propagate": True}},
}


@click.command("api")
@click.option("--host", help="ENGINE_HTTP_HOST for this run (loopback when unset).")
@click.option("--port", type=click.IntRange(0, 65535), help="ENGINE_HTTP_PORT (0: any free one).")
def api_command(*, host: str | None, port: int | None) -> None:
    """Serve the API, tracking and the unsubscribe page until SIGTERM, which drains."""
    try:
        settings = load_settings()
        role_password(settings.secret_key, Role.APP)
        settings = structs.replace(
            settings,
            http_host=settings.http_host if host is None else host,
            http_port=settings.http_port if port is None else port,
        )
        chosen = _port(settings)
    except (SettingsError, PortTakenError) as error:
        raise click.ClickException(str(error)) from error
    serve(settings, port=chosen)


class DrainingServer(MPServer):
    """Tells the process with the application that it is to drain, before it waits for requests."""

    def shutdown(self, exit_code: int = 0) -> None:
        """Let live streams end, then do what the server does."""
        for worker in multiprocessing.active_children():
            if worker.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGUSR1)
        super().shutdown(exit_code)  # type: ignore[no-untyped-call] # the server has no types


def serve(settings: Settings, *, port: int) -> None:
    """Run one server process and its one worker, until a signal."""
    server = DrainingServer(
        APPLICATION,
        address=settings.http_host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        loop=Loops.asyncio,
        workers=1,
        websockets=False,
        backlog=CONNECTIONS,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEAD_WITHIN_MS, max_buffer_size=HEAD_BYTES
        ),
        workers_kill_timeout=STOP_WITHIN_S,
        log_dictconfig=SERVER_LOG,
    )
    configure_logging(service="api")
    server.serve()


def _port(settings: Settings) -> int:
    if settings.http_port == 0:
        return free_port(host=settings.http_host)
    require_free(
        settings.http_port,
        needed_by="the API",
        setting="ENGINE_HTTP_PORT",
        host=settings.http_host,
    )
    return settings.http_port
