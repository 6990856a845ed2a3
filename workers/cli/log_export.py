"""`engine log export`: take a workspace's part of the log out, with what proves it."""

import hashlib
import sys
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import click
import msgspec

from domain.privacy import export
from domain.privacy.events import ExportCompleted
from domain.privacy.export import EXPORT
from domain.privacy.export_filter import ExportFilter
from infra.bootstrap import Adapters
from infra.clock import new_id, now
from infra.crypto.signing import SigningKey
from infra.exports.directory import (
    DiskFullError,
    ExportDirectoryError,
    begun_job,
)
from infra.exports.exporter import Exporter, Hooks
from infra.exports.job import ExportJob, Progress
from infra.exports.manifest import Manifest, completed
from infra.exports.plain import write_lines
from infra.postgres.connections import Role
from workers.cli.log_slice import Moment
from workers.cli.output_file import OUTPUT_DIRECTORY
from workers.cli.progress import progress_bar
from workers.cli.session import (
    ACTOR,
    MAX_POSITION,
    answer,
    as_json,
    asking,
    find_workspace,
    in_workspace,
    session,
)

PLACE = click.IntRange(min=0)


@click.command("export")
@in_workspace
@click.option("--since", type=Moment(), help="From this time on (UTC).")
@click.option("--until", type=Moment(), help="Before this time (UTC).")
@click.option("--after", default=0, show_default=True, type=PLACE, help="Above this position.")
@click.option("--upto", type=PLACE, help="Up to this position. Default: where the log ends now.")
@click.option("--actor", help="Whose events: token:<id>, cli, worker:<name>.")
@click.option("--stream", type=click.UUID, help="The events of one stream.")
@click.option("--type", "type_", help="A tag, or its leading parts: campaigns.")
@click.option("--open-personal", is_flag=True, help="Open personal fields, beside the payload.")
@click.option(
    "--output",
    type=OUTPUT_DIRECTORY,
    help="A directory, made when it is missing. Default: JSON lines on standard output.",
)
@as_json
def export_command(
    *,
    workspace: str | None,
    since: datetime | None,
    until: datetime | None,
    after: int,
    upto: int | None,
    actor: str | None,
    stream: UUID | None,
    type_: str | None,
    open_personal: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """Export events with their seals, so that tools/verify_log.py can prove them.

    Repeat the command to go on after it was cut off. To a pipe it writes the events alone.
    """
    if open_personal and output is None:
        raise click.UsageError("--open-personal needs --output: personal fields go to a directory")
    wanted = ExportFilter(
        since=since,
        until=until,
        after=min(after, MAX_POSITION),
        upto=None if upto is None else min(upto, MAX_POSITION),
        actor=actor,
        stream_id=stream,
        type=type_,
    )
    with session() as adapters:
        job = ExportJob(
            workspace_id=find_workspace(adapters, workspace),
            export_id=new_id(),
            filter=wanted,
            open_personal=open_personal,
            requested_by=ACTOR,
            requested_at=now(),
        )
        if output is None:
            count = _to_pipe(adapters, job, sys.stdout.buffer)
            click.echo(f"{count:,} events exported", err=True)
            return
        try:
            manifest = _to_directory(adapters, job, output)
        except (ExportDirectoryError, DiskFullError) as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            raise click.ClickException(f"{output} cannot be written: {error.strerror}") from error
    counts = msgspec.to_builtins(manifest.counts)
    answer(
        {"export_id": manifest.export_id, "directory": str(output), **counts},
        as_json=as_json,
        text=f"{manifest.counts.events:,} events and {manifest.counts.commits:,} commits in "
        f"{output}, {manifest.counts.unsealed_events:,} of them not sealed yet",
    )


def _to_directory(adapters: Adapters, job: ExportJob, path: Path) -> Manifest:
    horizon = adapters.reader.horizon()
    before = begun_job(path)
    if before is None:
        _request(adapters, job)
    else:
        job = msgspec.structs.replace(
            job, export_id=before.export_id, requested_at=before.requested_at
        )
    end = min(horizon, job.filter.upto or horizon)
    with (
        progress_bar("exporting", total=max(end - job.filter.after, 0)) as seen,
        adapters.connection(Role.WORKER) as connection,
    ):

        def kept(progress: Progress) -> None:
            seen(max(progress.position - job.filter.after, 0))

        key = SigningKey(adapters.settings.secret_key)
        exporter = Exporter(connection, adapters.mapper, key, hooks=Hooks(kept=kept))
        manifest = exporter.run(job, path, horizon=horizon)
    if manifest is None:
        raise RuntimeError("nobody stops an export of the command line")
    _complete(
        adapters,
        job,
        completed(manifest, path),
    )
    return manifest


def _to_pipe(adapters: Adapters, job: ExportJob, file: BinaryIO) -> int:
    """Write the events alone; who took them is recorded as of any export."""
    horizon = adapters.reader.horizon()
    _request(adapters, job)
    digest = hashlib.sha256()
    count = first = last = 0
    with adapters.connection(Role.WORKER) as connection:
        for position, line in write_lines(connection, job, horizon=horizon):
            file.write(line)
            digest.update(line)
            count, first, last = count + 1, first or position, position
    file.flush()
    outcome = ExportCompleted(
        export_id=job.export_id,
        events=count,
        commits=0,
        opened=0,
        first_position=first,
        last_position=last,
        sha256=digest.hexdigest(),
    )
    _complete(adapters, job, outcome)
    return count


def _request(adapters: Adapters, job: ExportJob) -> None:
    """Record who takes what; without a row for the exporter, which has no part in it."""
    adapters.log.decide(
        EXPORT,
        job.export_id,
        lambda state: export.request(
            state,
            export_id=job.export_id,
            wanted=job.filter,
            open_personal=job.open_personal,
        ),
        asking(job.workspace_id),
    )


def _complete(adapters: Adapters, job: ExportJob, outcome: ExportCompleted) -> None:
    adapters.log.decide(
        EXPORT,
        job.export_id,
        lambda state: export.complete(state, outcome=outcome),
        asking(job.workspace_id),
    )
