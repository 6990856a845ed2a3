"""`engine log`: look at the log, take it out, check its order."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import click
import msgspec

from infra.bootstrap import Adapters
from infra.eventstore.log_order import check_order
from infra.eventstore.reader import LogRow
from workers.cli.lazy_group import LazyGroup
from workers.cli.log_export import export_command
from workers.cli.log_verify import checkpoints_command, public_key_command, verify_command
from workers.cli.session import (
    MAX_POSITION,
    answer,
    as_json,
    find_workspace,
    in_workspace,
    session,
)

FOLLOW_EVERY_S = 0.25


LATER = {
    "archive": "workers.cli.archive:archive_command",
    "archives": "workers.cli.archive:archives_command",
    "replay": "workers.cli.replay:replay_command",
    "to-parquet": "workers.cli.to_parquet:to_parquet_command",
}


@click.group("log", cls=LazyGroup, later=LATER)
def log_group() -> None:
    """Read, export and check the event log."""


log_group.add_command(export_command)
log_group.add_command(verify_command)
log_group.add_command(checkpoints_command)
log_group.add_command(public_key_command)


@log_group.command("tail")
@click.option(
    "--lines",
    default=20,
    show_default=True,
    type=click.IntRange(min=0),
    help="How many events to begin with.",
)
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@in_workspace
@as_json
def tail_command(*, lines: int, follow: bool, workspace: str | None, as_json: bool) -> None:
    """Print the newest events. Personal fields stay sealed."""
    with session() as adapters:
        only = find_workspace(adapters, workspace) if workspace else None
        after = adapters.reader.horizon()
        if lines:
            after = adapters.reader.before_last(min(lines, MAX_POSITION), workspace_id=only)
        while True:
            for row in _rows(adapters, after, only):
                after = row.position
                click.echo(_json(row) if as_json else _line(row))
            if not follow:
                return
            time.sleep(FOLLOW_EVERY_S)


@log_group.command("verify-order")
@as_json
def verify_order_command(*, as_json: bool) -> None:
    """Check that positions are unique, streams have no holes, and commits match their events."""
    with session() as adapters:
        found = check_order(adapters.pool)
    answer(
        msgspec.to_builtins(found) | {"ok": found.ok},
        as_json=as_json,
        text=f"{found.events:,} events, {found.commits:,} commits: "
        + ("in order" if found.ok else "; ".join(found.faults)),
    )
    if not found.ok:
        raise SystemExit(1)


def _rows(adapters: Adapters, after: int, only: UUID | None) -> Iterator[LogRow]:
    for page in adapters.reader.pages(after):
        yield from (row for row in page if only is None or row.workspace_id == only)


def _json(row: LogRow) -> str:
    record: dict[str, Any] = row._asdict()
    record["data"] = msgspec.Raw(row.data)
    return msgspec.json.encode(record).decode()


def _line(row: LogRow) -> str:
    return f"{row.position:>10}  {row.recorded_at:%Y-%m-%d %H:%M:%S}  {row.tag:<40} {row.stream_id}"
