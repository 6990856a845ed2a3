"""`engine relays`: the servers that mail goes through, of one workspace or shared by all."""

from typing import TextIO
from uuid import UUID

import click

from commands.delivery.add_relay import AddRelay, Credentials, add_relay
from commands.delivery.change_relay import disable_relay, enable_relay, remove_relay
from domain.delivery.relay_events import RelayAdded
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.relays import PostgresRelays
from workers.cli.session import answer, as_json, asking, find_workspace, session, table

VERBS = {"enable": enable_relay, "disable": disable_relay, "remove": remove_relay}
owner = click.option("--workspace", help="Name or id; without it the relay is shared by all.")


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
    as_json: bool,
) -> None:
    """Send through HOST from now on."""
    credentials = None
    if username or password_file:
        password = password_file.readline().rstrip("\n") if password_file else ""
        credentials = Credentials(username=username, password=password)
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
    )
    with session() as adapters:
        scope = _scope(adapters, workspace)
        command = AddRelay(added=added, credentials=credentials)
        add_relay(command, asking(scope), adapters.log, _relays(adapters))
    relay_id = str(added.relay_id)
    answer({"relay_id": relay_id}, as_json=as_json, text=f"relay {relay_id}: mail goes through it")


@relays_group.command("change")
@click.argument("relay_id", type=click.UUID)
@click.argument("verb", type=click.Choice(list(VERBS)))
@owner
@as_json
def change_command(*, relay_id: UUID, verb: str, workspace: str | None, as_json: bool) -> None:
    """Enable, disable or remove a relay; dispatchers follow within two seconds."""
    with session() as adapters:
        scope = _scope(adapters, workspace)
        VERBS[verb](relay_id, asking(scope), adapters.log, _relays(adapters))
    answer({"relay_id": str(relay_id)}, as_json=as_json, text=f"relay {relay_id}: {verb}d")


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
            }
            for relay in _relays(adapters).known([scope] if workspace else [])
        ]
    table(rows, as_json=as_json, empty="no relay: mail goes through that of the settings")


def _relays(adapters: Adapters) -> PostgresRelays:
    return PostgresRelays(adapters.pool, adapters.vault)


def _scope(adapters: Adapters, workspace: str | None) -> UUID:
    return find_workspace(adapters, workspace) if workspace else PLATFORM
