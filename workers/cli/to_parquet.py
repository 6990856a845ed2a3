"""`engine log to-parquet`: a slice of the log as Parquet, a directory a day."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

import click
import msgspec

from infra.analysis.analyst_log import AnalystLog
from infra.analysis.parquet_days import OtherSliceError, write_days
from infra.analysis.slices import LogSlice, UnknownTypeError
from workers.cli.log_slice import slice_options
from workers.cli.progress import progress_bar
from workers.cli.session import MAX_POSITION, answer, as_json, find_workspace, in_workspace, session


@click.command("to-parquet")
@click.option(
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory; run again it goes on where it was.",
)
@click.option("--fields", is_flag=True, help="One column a field of the event: needs one --type.")
@click.option(
    "--open-personal",
    is_flag=True,
    help="Open personal fields with the persons' keys: one --type in one --workspace.",
)
@slice_options
@in_workspace
@as_json
def to_parquet_command(
    *,
    output: Path,
    fields: bool,
    open_personal: bool,
    workspace: str | None,
    after: int,
    upto: int | None,
    since: datetime | None,
    until: datetime | None,
    stream: UUID | None,
    types: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write events as Parquet files, partitioned by day: day=2026-05-04/part-….parquet.

    Without --fields an event is its header and its stored JSON. Personal fields stay sealed.
    """
    if (fields or open_personal) and len(types) != 1:
        raise click.UsageError("columns for fields need exactly one --type, as delivery.email_sent")
    if open_personal and workspace is None:
        raise click.UsageError("--open-personal needs --workspace")
    with session() as adapters:
        part = LogSlice(
            workspace_id=find_workspace(adapters, workspace) if workspace else None,
            after=min(after, MAX_POSITION),
            upto=None if upto is None else min(upto, MAX_POSITION),
            since=since,
            until=until,
            types=types,
            stream_id=stream,
        )
        try:
            source = AnalystLog(adapters).source(
                part,
                kind=types[0] if fields or open_personal else None,
                open_personal=open_personal,
            )
            with progress_bar("writing", total=source.extent()[1]) as seen:
                written = write_days(source, output, seen=seen)
        except (UnknownTypeError, OtherSliceError) as error:
            raise click.ClickException(str(error)) from error
    answer(
        msgspec.to_builtins(written) | {"output": str(output)},
        as_json=as_json,
        text=f"{written.events:,} events in {written.parts} files, up to position "
        f"{written.position}",
    )
