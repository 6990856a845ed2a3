"""`engine system-mail`: password resets and their like that could not be sent."""

import click

from domain.shared.platform import PLATFORM
from infra.postgres.system_mails import failed_mails
from workers.cli.session import as_json, find_workspace, session, table


@click.group("system-mail")
def system_mail_group() -> None:
    """Look after the mail that the engine itself writes."""


@system_mail_group.command("failed")
@click.option("--workspace", help="Name or id: its invitations; without it, mail of accounts.")
@as_json
def failed_command(*, workspace: str | None, as_json: bool) -> None:
    """List what was given up and why, newest first; whoever it was for asks again."""
    with session() as adapters:
        where = find_workspace(adapters, workspace) if workspace else PLATFORM
        rows = failed_mails(adapters.pool, where)
    table(rows, as_json=as_json, empty="no system mail was given up")
