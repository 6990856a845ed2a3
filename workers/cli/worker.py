"""`engine worker NAME`: one role alone."""

import asyncio
import importlib
import inspect

import click

from infra.bootstrap import Adapters
from infra.garbage import collect_rarely
from infra.observability.logging import configure_logging
from infra.observability.tracing import start_tracing
from infra.postgres.connections import Role, role_password
from infra.settings import SettingsError, load_settings
from workers.readiness import wait_until_settled
from workers.runtime import Stop

# name -> (module with `run(adapters, stop)`, what it does)
WORKERS = {
    "relay": ("workers.relay", "publish the log to JetStream"),
    "sealer": ("workers.sealer", "sign what stands in the log"),
    "projector": ("workers.projector", "build the read models"),
    "policies": ("workers.policy_runner", "turn events into commands"),
    "scheduler": ("workers.scheduler", "launch what is due, complete what is done"),
    "expander": ("workers.audience_expander", "queue the audience of launched campaigns"),
    "importer": ("workers.importer", "read uploaded contact files"),
    "exporter": ("workers.exporter", "write and end the exports that auditors ask for"),
    "dns_checker": ("workers.dns_checker", "look at the records of sending domains"),
    "bounces": ("workers.bounce_receiver", "take bounces and complaints over SMTP"),
    "dispatcher": ("workers.dispatcher", "hand mail to the relay"),
}

POOL = 8  # the dispatcher works on claims, handovers and outcomes at once


@click.command(
    "worker",
    help="Run one role until SIGTERM, which drains it: "
    + "; ".join(f"{name} ({what})" for name, (_, what) in WORKERS.items())
    + ".",
)
@click.argument("name", type=click.Choice(list(WORKERS)))
def worker_command(*, name: str) -> None:
    """Run one role."""
    configure_logging(service=name)
    try:
        settings = load_settings()
        role_password(settings.secret_key, Role.WORKER)  # no retry makes a missing key appear
        adapters = Adapters(settings, role=Role.WORKER, name=f"engine-{name}", pool_size=POOL)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    stop = Stop().listen()
    flush_spans = start_tracing(settings, service=name)
    run = importlib.import_module(WORKERS[name][0]).run
    wait_until_settled(adapters, stop)
    collect_rarely()
    try:
        outcome = run(adapters, stop)
        if inspect.isawaitable(outcome):
            asyncio.run(_finish(outcome))
    finally:
        adapters.close()
        flush_spans()


async def _finish(outcome: object) -> None:
    if inspect.isawaitable(outcome):
        await outcome
