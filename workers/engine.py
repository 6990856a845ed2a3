"""One engine on one data directory: locked, cleaned up after a crash, its addresses known."""

import contextlib
import json
import os
import secrets
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from infra.embedded.locks import DataDirLock
from infra.embedded.nats import EmbeddedNats
from infra.embedded.orphans import end_orphans
from infra.embedded.ports import LOOPBACK, remembered_port, require_free
from infra.embedded.postgres import EmbeddedPostgres
from infra.files.durable import write_whole
from infra.settings import Secret, Settings
from workers.engine_log import Console, EngineLog
from workers.engine_parts import ROLES, engine_children
from workers.supervisor import Supervisor


class Engine(Struct, frozen=True, kw_only=True):
    """A prepared engine: complete settings (ports, addresses, keys) and the supervisor to run."""

    settings: Settings
    supervisor: Supervisor
    log: EngineLog


@contextlib.contextmanager
def prepared_engine(
    settings: Settings, *, roles: Collection[str] = ROLES, console: Console | None = None
) -> Iterator[Engine]:
    """Hold the data directory and prepare everything that runs on it.

    Leftovers of a killed engine are ended first. Raises `AlreadyRunningError`, `PortTakenError`
    and the errors of the embedded servers, each a sentence for the user.
    """
    data_dir = settings.data_dir.resolve()
    settings = msgspec.structs.replace(settings, data_dir=data_dir)
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with DataDirLock(data_dir), contextlib.ExitStack() as cleanup:
        log = EngineLog(data_dir, console=console)
        cleanup.callback(log.close)
        if orphans := end_orphans(data_dir):
            log.say("leftovers_ended", level="warning", pids=orphans)
        postgres, nats = _embedded_servers(settings)
        settings = _decide_ports(settings)
        _require_ports(settings, roles=roles)
        if postgres:
            postgres.prepare()
        if nats:
            nats.prepare()
        settings = _complete(settings, postgres=postgres, nats=nats)
        endpoints = data_dir / "endpoints.json"
        write_whole(endpoints, json.dumps(addresses(settings), indent=1).encode())
        cleanup.callback(endpoints.unlink, missing_ok=True)
        children = engine_children(settings, roles=roles, postgres=postgres, nats=nats)
        supervisor = Supervisor(children, data_dir=data_dir, log=log)
        yield Engine(settings=settings, supervisor=supervisor, log=log)


def addresses(settings: Settings) -> dict[str, str]:
    """Return what other commands on this machine need to find the running engine."""
    found = {
        "ENGINE_HTTP_HOST": settings.http_host,
        "ENGINE_HTTP_PORT": str(settings.http_port),
        "ENGINE_PUBLIC_URL": settings.public_url,
        "ENGINE_CATCHER_SMTP_PORT": str(settings.catcher_smtp_port),
        "ENGINE_CATCHER_HTTP_PORT": str(settings.catcher_http_port),
    }
    if settings.bounce_listen:
        host, port = settings.bounce_listen
        found["ENGINE_BOUNCE_LISTEN"] = f"{host}:{port}"
    if "postgres" in settings.embedded:
        found |= {
            "ENGINE_DATABASE_URL": settings.database_url,
            "ENGINE_VAULT_URL": settings.vault_url,
            "ENGINE_POSTGRES_PORT": str(settings.postgres_port),
        }
    if "nats" in settings.embedded:
        found |= {
            "ENGINE_NATS_URL": settings.nats_url,
            "ENGINE_NATS_PORT": str(settings.nats_port),
        }
    return found


def installation_key(data_dir: Path) -> str:
    """Return the installation's secret key, made on first use, in a file only we can read."""
    file = data_dir / "secret.key"
    with contextlib.suppress(FileExistsError):
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(fd, "w", encoding="ascii") as out:  # noqa: PTH123 - an open descriptor
            out.write(secrets.token_urlsafe(48))
    return file.read_text(encoding="ascii")


def _embedded_servers(settings: Settings) -> tuple[EmbeddedPostgres | None, EmbeddedNats | None]:
    """Return the servers that run here, after ending those a dead engine left running."""
    postgres = nats = None
    if "postgres" in settings.embedded:
        postgres = EmbeddedPostgres(settings.data_dir, port=settings.postgres_port)
        postgres.stop_leftovers()
    if "nats" in settings.embedded:
        nats = EmbeddedNats(settings.data_dir, port=settings.nats_port)
        nats.stop_leftovers()
    return postgres, nats


def _decide_ports(settings: Settings) -> Settings:
    """Replace each port 0 by the one of last time while it is free, or by a free one."""

    def decide(name: str, wanted: int) -> int:
        return remembered_port(settings.data_dir / f"{name}.port", wanted=wanted)

    http_port = decide("http", settings.http_port)
    smtp_port = decide("catcher-smtp", settings.catcher_smtp_port)
    url = settings.public_url
    if url.endswith(":0"):
        url = f"{url.removesuffix('0')}{http_port}"
    return msgspec.structs.replace(
        settings,
        http_port=http_port,
        public_url=url,
        bounce_listen=settings.bounce_listen or (LOOPBACK, decide("bounces", 0)),
        catcher_smtp_port=smtp_port,
        catcher_http_port=decide("catcher-http", settings.catcher_http_port),
        smtp=msgspec.structs.replace(settings.smtp, port=smtp_port)
        if "smtp" in settings.embedded
        else settings.smtp,
    )


def _complete(
    settings: Settings, *, postgres: EmbeddedPostgres | None, nats: EmbeddedNats | None
) -> Settings:
    """Add the addresses of the prepared servers, and the key of this installation if needed."""
    if postgres:
        settings = msgspec.structs.replace(
            settings,
            database_url=postgres.url("engine"),
            vault_url=postgres.url("vault"),
            postgres_port=postgres.port,
        )
    if nats:
        settings = msgspec.structs.replace(settings, nats_url=nats.url(), nats_port=nats.port)
    if settings.secret_key:
        return settings
    key = Secret(installation_key(settings.data_dir))
    return msgspec.structs.replace(settings, secret_key=key)


def _require_ports(settings: Settings, *, roles: Collection[str]) -> None:
    if "api" in roles:
        require_free(
            settings.http_port,
            needed_by="the HTTP process",
            setting="ENGINE_HTTP_PORT",
            host=settings.http_host,
        )
    wanted = {
        "postgres": [(settings.postgres_port, "PostgreSQL", "ENGINE_POSTGRES_PORT")],
        "nats": [(settings.nats_port, "NATS", "ENGINE_NATS_PORT")],
        "smtp": [
            (settings.catcher_smtp_port, "the mail catcher", "ENGINE_CATCHER_SMTP_PORT"),
            (settings.catcher_http_port, "the mail catcher's inbox", "ENGINE_CATCHER_HTTP_PORT"),
        ],
    }
    for part in settings.embedded:
        for port, needed_by, setting in wanted[part]:
            require_free(port, needed_by=needed_by, setting=setting)
