"""`engine relays`: the servers that mail goes through, of one workspace or shared by all."""

from collections.abc import Callable
from typing import TextIO
from uuid import UUID

import click

from commands.delivery.add_relay import AddRelay, Credentials, Relays, add_relay
from commands.delivery.change_relay import (
    ask_relay_check,
    disable_relay,
    enable_relay,
    remove_relay,
)
from commands.delivery.choose_delivery_mode import ChooseDeliveryMode, choose_delivery_mode
from commands.delivery.replace_relay_credentials import (
    ReplaceRelayCredentials,
    replace_relay_credentials,
)
from commands.delivery.tune_relay import TuneRelay, tune_relay
from commands.ports import EventLog
from domain.delivery.delivery_mode_events import DeliveryMode
from domain.delivery.relay_advice import advice_for
from domain.delivery.relay_events import RelayAdded
from domain.shared.context import Context
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.delivery_modes import PostgresDeliveryModes
from infra.postgres.relays import KnownRelay, PostgresRelays
from workers.cli.session import (
    answer,
    as_json,
    asking,
    find_workspace,
    in_workspace,
    session,
    table,
)

Verb = Callable[[UUID, Context, EventLog, Relays], int]
owner = click.option("--workspace", help="Name or id; without it the relay is shared by all.")
purposes = click.option(
    "--takes",
    multiple=True,
    type=click.Choice(["bulk", "transactional"]),
    help="What it is for: campaigns, or (of shared ones) the installation's own mail; again for "
    "both. Bulk when left out.",
)


@click.group("relays")
def relays_group() -> None:
    """Say through which servers mail goes; with none, it is that of the settings."""


@relays_group.command("add")
@click.argument("host")
@owner
@click.option("--label", default="", help="What you call it; the host when left out.")
@click.option("--port", default=587, show_default=True)
@click.option(
    "--tls", type=click.Choice(["require", "implicit", "may"]), default="require", show_default=True
)
@click.option("--username", default="", help="Goes with --password-file.")
@click.option("--password-file", type=click.File(), help="A file with the password; - is stdin.")
@click.option("--rate", "rate_per_s", default=0.0, help="Messages a second; 0 is no limit.")
@click.option("--connections", default=8, show_default=True)
@click.option("--messages-per-connection", default=1000, show_default=True)
@click.option("--weight", default=1, show_default=True, help="Its share beside the other relays.")
@click.option("--private", is_flag=True, help="Its address need not be public.")
@purposes
@as_json
def add_command(
    *,
    host: str,
    workspace: str | None,
    label: str,
    port: int,
    tls: str,
    username: str,
    password_file: TextIO | None,
    rate_per_s: float,
    connections: int,
    messages_per_connection: int,
    weight: int,
    private: bool,
    takes: tuple[str, ...],
    as_json: bool,
) -> None:
    """Send through HOST from now on."""
    credentials = _credentials(username, password_file)
    added = RelayAdded(
        relay_id=new_id(),
        label=label or host,
        host=host,
        port=port,
        tls=tls,
        has_credentials=credentials is not None,
        rate_per_s=rate_per_s,
        connections=connections,
        messages_per_connection=messages_per_connection,
        weight=weight,
        may_be_private=private,
        bulk=not takes or "bulk" in takes,
        transactional="transactional" in takes,
    )
    with session() as adapters:
        scope = _scope(adapters, workspace)
        command = AddRelay(added=added, credentials=credentials)
        add_relay(command, asking(scope), adapters.log, _relays(adapters))
    relay_id = str(added.relay_id)
    answer({"relay_id": relay_id}, as_json=as_json, text=f"relay {relay_id}: mail goes through it")


@relays_group.command("change")
@click.argument("relay_id", type=click.UUID)
@owner
@click.option("--label", help="What you call it.")
@click.option("--rate", "rate_per_s", type=float, help="Messages a second; 0 is no limit.")
@click.option("--connections", type=int)
@click.option("--messages-per-connection", type=int)
@click.option("--weight", type=int, help="Its share beside the other relays.")
@purposes
@as_json
def change_command(
    *,
    relay_id: UUID,
    workspace: str | None,
    label: str | None,
    rate_per_s: float | None,
    connections: int | None,
    messages_per_connection: int | None,
    weight: int | None,
    takes: tuple[str, ...],
    as_json: bool,
) -> None:
    """Change how a relay is used; what is not named stays as it is."""
    command = TuneRelay(
        relay_id=relay_id,
        label=label,
        rate_per_s=rate_per_s,
        connections=connections,
        messages_per_connection=messages_per_connection,
        weight=weight,
        bulk="bulk" in takes if takes else None,
        transactional="transactional" in takes if takes else None,
    )
    with session() as adapters:
        scope = _scope(adapters, workspace)
        tune_relay(command, asking(scope), adapters.log, _relays(adapters))
    answer({"relay_id": str(relay_id)}, as_json=as_json, text=f"relay {relay_id}: changed")


@relays_group.command("credentials")
@click.argument("relay_id", type=click.UUID)
@owner
@click.option("--username", default="", help="Without one it is not logged in to any more.")
@click.option("--password-file", type=click.File(), help="A file with the password; - is stdin.")
@as_json
def credentials_command(
    *,
    relay_id: UUID,
    workspace: str | None,
    username: str,
    password_file: TextIO | None,
    as_json: bool,
) -> None:
    """Log in to a relay with another user name and password."""
    command = ReplaceRelayCredentials(
        relay_id=relay_id, credentials=_credentials(username, password_file)
    )
    with session() as adapters:
        scope = _scope(adapters, workspace)
        replace_relay_credentials(command, asking(scope), adapters.log, _relays(adapters))
    answer({"relay_id": str(relay_id)}, as_json=as_json, text=f"relay {relay_id}: replaced")


def _turn(verb: Verb, done: str) -> Callable[..., None]:
    """Return a command that asks one thing of a relay."""

    def command(*, relay_id: UUID, workspace: str | None, as_json: bool) -> None:
        with session() as adapters:
            verb(relay_id, asking(_scope(adapters, workspace)), adapters.log, _relays(adapters))
        answer({"relay_id": str(relay_id)}, as_json=as_json, text=f"relay {relay_id}: {done}")

    return command


for name, verb, done, text in (
    ("pause", disable_relay, "paused", "Begin nothing through it any more, within two seconds."),
    ("resume", enable_relay, "resumed", "Use a paused relay again."),
    ("remove", remove_relay, "removed", "Forget it with its user name and password."),
    (
        "check",
        ask_relay_check,
        "asked for: `engine relays list` tells what a dispatcher met",
        "Have a dispatcher connect and log in, without sending anything.",
    ),
):
    click.argument("relay_id", type=click.UUID)(
        relays_group.command(name, help=text)(owner(as_json(_turn(verb, done))))
    )


@relays_group.command("mode")
@click.argument("bulk", type=click.Choice([*DeliveryMode, "default"]), required=False)
@in_workspace
@as_json
def mode_command(*, bulk: str | None, workspace: str | None, as_json: bool) -> None:
    """Show or choose what happens to a campaign's message that may have gone out, or not."""
    with session() as adapters:
        scope, modes = find_workspace(adapters, workspace), PostgresDeliveryModes(adapters.pool)
        if bulk is not None:
            command = ChooseDeliveryMode(None if bulk == "default" else DeliveryMode(bulk))
            choose_delivery_mode(command, asking(scope), adapters.log, modes)
        holds = modes.of(scope) or adapters.settings.bulk_mode
    answer({"bulk": holds}, as_json=as_json, text=f"campaigns: {holds}")


@relays_group.command("list")
@owner
@as_json
def list_command(*, workspace: str | None, as_json: bool) -> None:
    """List the shared relays, and the workspace's own: state, since when and why."""
    with session() as adapters:
        scope = _scope(adapters, workspace)
        rows = [
            {
                "relay_id": str(relay.relay_id),
                "label": relay.label,
                "host": f"{relay.host}:{relay.port}",
                "shared": relay.workspace_id == PLATFORM,
                "weight": relay.weight,
                "enabled": relay.enabled,
                "breaker": relay.breaker,
                "since": f"{relay.since:%Y-%m-%d %H:%M:%S}",
                "evidence": relay.evidence,
                "next_probe_at": str(relay.next_probe_at or ""),
                "takes": " ".join(
                    name
                    for name, is_so in (
                        ("bulk", relay.bulk),
                        ("transactional", relay.transactional),
                    )
                    if is_so
                ),
                "check": _check(relay),
            }
            for relay in _relays(adapters).known([scope] if workspace else [])
        ]
    table(rows, as_json=as_json, empty="no relay: mail goes through that of the settings")


def _check(relay: KnownRelay) -> str:
    """Say what the last check met, and what to do."""
    if relay.check_asked_at is not None:
        return "waiting for a dispatcher"
    if relay.checked_at is None:
        return ""
    advice = advice_for(relay.check_reason)
    return f"{advice.step} failed ({relay.check_reason}): {advice.text}" if advice else "well"


def _credentials(username: str, password_file: TextIO | None) -> Credentials | None:
    if not (username or password_file):
        return None
    password = password_file.readline().rstrip("\n") if password_file else ""
    return Credentials(username=username, password=password)


def _relays(adapters: Adapters) -> PostgresRelays:
    return PostgresRelays(adapters.pool, adapters.vault)


def _scope(adapters: Adapters, workspace: str | None) -> UUID:
    return find_workspace(adapters, workspace) if workspace else PLATFORM
