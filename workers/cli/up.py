"""`engine up`: everything on this machine under one supervisor, until Ctrl-C."""

import asyncio
import os
from collections.abc import Collection
from pathlib import Path

import click

from infra.embedded.locks import AlreadyRunningError
from infra.embedded.nats import EmbeddedNatsError
from infra.embedded.ports import PortTakenError
from infra.embedded.postgres import EmbeddedPostgresError
from infra.embedded.server_user import ServerUserError
from infra.settings import Settings, SettingsError, load_settings
from workers.engine import Engine, prepared_engine
from workers.engine_log import Console
from workers.engine_parts import ROLES
from workers.supervisor import ChildFailedError, run_until_signal

ONE_SENTENCE = (
    AlreadyRunningError,
    PortTakenError,
    EmbeddedPostgresError,
    EmbeddedNatsError,
    ServerUserError,
    ChildFailedError,
    SettingsError,
)
"""Errors whose message is written for the user: shown alone, with exit code 1."""

PORT = click.IntRange(0, 65535)


@click.command("up")
@click.option("--data-dir", type=click.Path(path_type=Path), help="ENGINE_DATA_DIR for this run.")
@click.option("--http-host", help="ENGINE_HTTP_HOST for this run.")
@click.option("--http-port", type=PORT, help="ENGINE_HTTP_PORT for this run (0: any free one).")
@click.option("--postgres-port", type=PORT, help="ENGINE_POSTGRES_PORT for this run.")
@click.option("--nats-port", type=PORT, help="ENGINE_NATS_PORT for this run.")
@click.option("--catcher-smtp-port", type=PORT, help="ENGINE_CATCHER_SMTP_PORT for this run.")
@click.option("--catcher-http-port", type=PORT, help="ENGINE_CATCHER_HTTP_PORT for this run.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(ROLES),
    help="Start this role (repeat for more) instead of all; embedded servers start in any case.",
)
@click.option(
    "--log",
    "console",
    type=click.Choice([kind.value for kind in Console]),
    help="What to print: readable lines (on a terminal the default), JSON lines, or nothing.",
)
def up_command(*, only: tuple[str, ...], console: str | None, **options: object) -> None:
    """Start everything: database, queue, mail catcher, HTTP process and workers.

    Parts whose ENGINE_..._URL or ENGINE_SMTP_HOST is set run elsewhere and are not started.
    Ctrl-C drains and stops; a second Ctrl-C kills.
    """
    given = {f"ENGINE_{name.upper()}": value for name, value in options.items()}
    # Set for this process and, by inheritance, for its children.
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    try:
        up(load_settings(), roles=only or ROLES, console=Console(console) if console else None)
    except ONE_SENTENCE as error:
        raise click.ClickException(str(error)) from error
    except PermissionError as error:
        raise click.ClickException(
            f"{error.filename} cannot be used: {error.strerror}; "
            "choose a directory of your own with ENGINE_DATA_DIR"
        ) from error


def up(
    settings: Settings, *, roles: Collection[str] = ROLES, console: Console | None = None
) -> None:
    """Run the engine until SIGINT or SIGTERM. Raises one of `ONE_SENTENCE` when it cannot."""
    with prepared_engine(settings, roles=roles, console=console) as engine:
        asyncio.run(run_until_signal(engine.supervisor, on_ready=lambda: _announce(engine, roles)))
        engine.log.say("engine_stopped")


def _announce(engine: Engine, roles: Collection[str]) -> None:
    settings = engine.settings
    places = {"data": str(settings.data_dir), "log": str(engine.log.path)}
    if "api" in roles:
        places["api"] = settings.public_url
    if "smtp" in settings.embedded:
        places["inbox"] = f"http://127.0.0.1:{settings.catcher_http_port}"
    else:
        places["smtp"] = f"{settings.smtp.host}:{settings.smtp.port}"
    engine.log.say("engine_ready", **places)
