"""`engine privacy retention`: how long a workspace keeps things."""

import click
import msgspec

from commands.privacy.choose_retention import ChooseRetention, choose_retention
from infra.postgres.retention import PostgresRetention
from workers.cli.session import answer, as_json, asking, find_workspace, in_workspace, session

FOR_EVER = "off"


def _days(_: click.Context, option: click.Parameter, value: str | None) -> int | str | None:
    if value is None or value == FOR_EVER:
        return value
    if not value.isdecimal():
        raise click.BadParameter(f"give a number of days, or {FOR_EVER}", param=option)
    return int(value)


@click.command("retention")
@click.option("--trash-days", type=int, help="Deleted things; for what is deleted from now on.")
@click.option("--inactive-contact-days", callback=_days, metavar="DAYS|off")
@click.option("--engagement-days", callback=_days, metavar="DAYS|off")
@click.option("--import-file-days", type=int, help="Files whose import has not ended.")
@click.option("--rejected-row-days", type=int, help="Rejected rows of imports.")
@click.option("--export-days", callback=_days, metavar="DAYS|off", help="Finished exports.")
@in_workspace
@as_json
def retention_command(*, workspace: str | None, as_json: bool, **wanted: int | str | None) -> None:
    """Show how long things are kept, after changing what is given."""
    changes = {
        name: None if days == FOR_EVER else days
        for name, days in wanted.items()
        if days is not None
    }
    with session() as adapters:
        workspace_id = find_workspace(adapters, workspace)
        rules = PostgresRetention(adapters.pool)
        settings = rules.settings(workspace_id)
        if changes:
            settings = msgspec.structs.replace(settings, **changes)
            command = ChooseRetention(settings=settings)
            choose_retention(command, asking(workspace_id), adapters.log, rules)
    shown = msgspec.structs.asdict(settings)
    lines = [f"{name.replace('_', ' '):<22} {_told(name, days)}" for name, days in shown.items()]
    answer(shown, as_json=as_json, text="\n".join(lines))


def _told(name: str, days: int | None) -> str:
    if days is not None:
        return str(days)
    return "as the installation says" if name == "export_days" else "kept"
