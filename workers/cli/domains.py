"""`engine domains`: sending domains, what to publish for each, and what was found."""

from typing import Any
from uuid import UUID

import click

from commands.delivery.add_sending_domain import AddSendingDomain, add_sending_domain
from commands.delivery.ask_sending_domain_check import (
    AskSendingDomainCheck,
    ask_sending_domain_check,
)
from commands.delivery.remove_sending_domain import RemoveSendingDomain, remove_sending_domain
from commands.delivery.rotate_sending_domain_keys import (
    RotateSendingDomainKeys,
    rotate_sending_domain_keys,
)
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.domain_names import PublicDomainNames
from infra.postgres.sending_domains import PostgresSendingDomains, known_sending_domains
from workers.cli.session import (
    answer,
    as_json,
    asking,
    find_workspace,
    in_workspace,
    session,
    table,
)

INSTALLATION = "installation"


@click.group("domains")
def domains_group() -> None:
    """Prove that a domain is yours, so that mail may be sent from it.

    With `--workspace installation` it is the domain of the engine's own mail.
    """


@domains_group.command("add")
@click.argument("domain")
@in_workspace
@as_json
def add_command(*, domain: str, workspace: str | None, as_json: bool) -> None:
    """Make its keys and say what has to be published."""
    with session() as adapters:
        context = asking(_owner(adapters, workspace))
        command = AddSendingDomain(domain=domain, setup=adapters.settings.domains.setup)
        domains = PostgresSendingDomains(adapters.vault)
        added = add_sending_domain(command, context, adapters.log, domains, PublicDomainNames())
    answer(
        {"domain_id": added.domain_id, "position": added.position},
        as_json=as_json,
        text=f"domain {added.domain_id}: `engine domains show {added.domain_id}` tells what to "
        "publish",
    )


@domains_group.command("list")
@in_workspace
@as_json
def list_command(*, workspace: str | None, as_json: bool) -> None:
    """List the domains and their states."""
    with session() as adapters:
        rows = known_sending_domains(adapters.pool, _owner(adapters, workspace))
    shown = [{name: row[name] for name in row if name != "records"} for row in rows]
    table(shown, as_json=as_json, empty="no domain yet: run `engine domains add DOMAIN`")


@domains_group.command("show")
@click.argument("domain", type=click.UUID)
@in_workspace
@as_json
def show_command(*, domain: UUID, workspace: str | None, as_json: bool) -> None:
    """Show each record as it has to be, and as it was found."""
    with session() as adapters:
        rows = known_sending_domains(adapters.pool, _owner(adapters, workspace))
    records: list[dict[str, Any]] = [
        record for row in rows if row["domain_id"] == domain for record in row["records"]
    ]
    table(records, as_json=as_json, empty="there is no such sending domain in this workspace")


@domains_group.command("check")
@click.argument("domain", type=click.UUID)
@in_workspace
@as_json
def check_command(*, domain: UUID, workspace: str | None, as_json: bool) -> None:
    """Have its records looked up within seconds."""
    with session() as adapters:
        context = asking(_owner(adapters, workspace))
        domains = PostgresSendingDomains(adapters.vault)
        command = AskSendingDomainCheck(domain_id=domain)
        position = ask_sending_domain_check(command, context, adapters.log, domains)
    answer(
        {"domain_id": domain, "position": position},
        as_json=as_json,
        text=f"asked for: `engine domains show {domain}` tells what was found",
    )


@domains_group.command("rotate-dkim")
@click.argument("domain", type=click.UUID)
@in_workspace
@as_json
def rotate_command(*, domain: UUID, workspace: str | None, as_json: bool) -> None:
    """Make new keys, which sign from when their records are seen."""
    with session() as adapters:
        context = asking(_owner(adapters, workspace))
        domains = PostgresSendingDomains(adapters.vault)
        command = RotateSendingDomainKeys(domain_id=domain)
        position = rotate_sending_domain_keys(command, context, adapters.log, domains)
    answer(
        {"domain_id": domain, "position": position},
        as_json=as_json,
        text=f"`engine domains show {domain}` tells what to publish beside the old records",
    )


@domains_group.command("remove")
@click.argument("domain", type=click.UUID)
@in_workspace
@as_json
def remove_command(*, domain: UUID, workspace: str | None, as_json: bool) -> None:
    """Send from it no more, and delete its private keys."""
    with session() as adapters:
        context = asking(_owner(adapters, workspace))
        domains = PostgresSendingDomains(adapters.vault)
        command = RemoveSendingDomain(domain_id=domain)
        position = remove_sending_domain(command, context, adapters.log, domains)
    answer({"domain_id": domain, "position": position}, as_json=as_json, text="removed")


def _owner(adapters: Adapters, workspace: str | None) -> UUID:
    """Return whose domains are meant: a workspace's, or those of the installation's own mail."""
    return PLATFORM if workspace == INSTALLATION else find_workspace(adapters, workspace)
