"""The parts of one engine as supervised children: which, in which order, how each is asked."""

import http.client
import socket
import sys
from collections.abc import Callable, Collection, Mapping

from infra.embedded.command import ServerCommand
from infra.embedded.nats import EmbeddedNats
from infra.embedded.ports import LOOPBACK
from infra.embedded.postgres import EmbeddedPostgres
from infra.settings import Settings
from workers.supervisor import Child

WORKERS = (
    "relay",
    "sealer",
    "projector",
    "policies",
    "scheduler",
    "expander",
    "importer",
    "exporter",
    "dns_checker",
    "dispatcher",
    "bounces",
)
"""Every role of `engine worker`, in the order the data flows."""
ROLES = ("api", *WORKERS)
READY_PATH = "/readyz"
HTTP_OK = 200


def engine_children(
    settings: Settings,
    *,
    roles: Collection[str],
    postgres: EmbeddedPostgres | None,
    nats: EmbeddedNats | None,
) -> list[Child]:
    """Return the children to supervise; a part that is None or not embedded runs elsewhere."""
    env = child_environment(settings)
    children = []
    if postgres:
        children.append(_server("postgres", postgres, ready_within_s=300))
    if nats:
        children.append(_server("nats", nats, ready_within_s=60))
    if "smtp" in settings.embedded:
        inbox = (LOOPBACK, settings.catcher_http_port, "/api/stats")
        children.append(
            _role("mail-catcher", env=env, after=(), ready=lambda: answers_http(*inbox))
        )
    stores = tuple(child.name for child in children if child.name in {"postgres", "nats"})
    children.append(_role("migrate", "db", "migrate", env=env, after=stores, once=True))
    users = tuple(child.name for child in children)
    if "api" in roles:
        page = (_reachable(settings.http_host), settings.http_port, READY_PATH)
        children.append(_role("api", env=env, after=users, ready=lambda: answers_http(*page)))
    children += [
        _role(name, "worker", name, env=env, after=users) for name in WORKERS if name in roles
    ]
    return children


def child_environment(settings: Settings) -> dict[str, str]:
    """Return what a child must know beside our own environment.

    Addresses and secrets of embedded parts stand in the data directory, not here.
    """
    host, port = settings.bounce_listen or ("", 0)
    return {
        "ENGINE_DATA_DIR": str(settings.data_dir),
        "ENGINE_BOUNCE_LISTEN": f"{host}:{port}" if port else "",
        "ENGINE_HTTP_HOST": settings.http_host,
        "ENGINE_HTTP_PORT": str(settings.http_port),
        "ENGINE_PUBLIC_URL": settings.public_url,
        "ENGINE_CATCHER_SMTP_PORT": str(settings.catcher_smtp_port),
        "ENGINE_CATCHER_HTTP_PORT": str(settings.catcher_http_port),
        "PYTHONUNBUFFERED": "1",
    }


def answers_http(host: str, port: int, path: str) -> bool:
    """Tell whether the page is there and says 200 now."""
    page = http.client.HTTPConnection(host, port, timeout=5)
    try:
        page.request("GET", path)
        return page.getresponse().status == HTTP_OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        page.close()


def _server(name: str, server: EmbeddedPostgres | EmbeddedNats, *, ready_within_s: float) -> Child:
    return Child(
        name=name,
        command=server.command,
        prepare=server.prepare,
        ready=server.ready,
        ready_within_s=ready_within_s,  # a crash is followed by a recovery, which may last
        stop_within_s=60,
    )


def _role(
    name: str,
    *arguments: str,
    env: Mapping[str, str],
    after: tuple[str, ...],
    ready: Callable[[], bool] | None = None,
    once: bool = False,
) -> Child:
    argv = (sys.executable, "-m", "workers.cli.main", *(arguments or (name,)))
    return Child(
        name=name,
        command=lambda: ServerCommand(argv=argv, env=env),
        ready=ready,
        depends_on=after,
        once=once,
    )


def _reachable(host: str) -> str:
    """Return an address that reaches a server listening on `host`, also on all addresses."""
    if host in {"0.0.0.0", ""}:  # noqa: S104 - compared, not bound
        return LOOPBACK
    return "::1" if host == "::" and socket.has_ipv6 else host
