"""`engine log archive` and `archives`: old months of facts in Parquet files (ADR 0015)."""

from datetime import UTC, date, datetime
from pathlib import Path

import click

from infra.bootstrap import Adapters
from infra.clock import now
from infra.eventstore.archive import ArchivedRange, ArchiveError, archived_ranges, moved_archive
from infra.eventstore.archive_file import check
from infra.eventstore.archiving import (
    Archived,
    Archiver,
    Month,
    Step,
    months_over,
    over_for,
)
from infra.postgres.connections import Role
from workers.cli.progress import Advance, progress_bar
from workers.cli.session import as_json, session, table

THIS_MONTH = "%Y-%m"
NOTHING = "no month to archive"


@click.command("archive")
@click.option(
    "--before",
    type=click.DateTime([THIS_MONTH]),
    help="Archive months before this one (2026-05). Default: ENGINE_ARCHIVE_AFTER_DAYS.",
)
@click.option("--dry-run", is_flag=True, help="Only say which months would be archived.")
@as_json
def archive_command(*, before: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Move months of facts that are over from the database into Parquet files.

    Whoever reads the log goes on reading them. Can be interrupted and started again at any time.
    """
    with session() as adapters:
        found = months_over(adapters.pool, by=_until(adapters, before))
        done = [] if dry_run else archive_months(adapters, found)
    rows = (
        [{"month": month.name, "events": events} for month, events in found]
        if dry_run
        else [
            {"month": a.month, "events": a.events, "bytes": a.bytes, "file": a.file} for a in done
        ]
    )
    table(rows, as_json=as_json, empty=NOTHING)


@click.command("archives")
@click.option("--check", "checked", is_flag=True, help="Compare every file with its digest.")
@click.option(
    "--moved-to",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The files lie in this directory now.",
)
@as_json
def archives_command(*, checked: bool, moved_to: Path | None, as_json: bool) -> None:
    """List the archived months; exit code 1 when a checked file is missing or damaged."""
    with session() as adapters:
        if moved_to:
            with adapters.connection(Role.MIGRATOR) as owner:
                moved_archive(owner, moved_to.absolute())
        with adapters.pool.connection() as connection:
            ranges = archived_ranges(connection)
    faults = {archived.file: _fault(archived) for archived in ranges} if checked else {}
    table(
        [
            {
                "month": archived.month,
                "events": archived.events,
                "positions": f"{archived.first_position}-{archived.last_position}",
                "archived_at": archived.archived_at,
                "file": archived.file,
                **({"fault": faults[archived.file] or "none"} if checked else {}),
            }
            for archived in ranges
        ],
        as_json=as_json,
        empty="no month is archived",
    )
    if any(faults.values()):
        raise SystemExit(1)


def archive_months(adapters: Adapters, months: list[tuple[Month, int]]) -> list[Archived]:
    """Archive months with a progress bar each. Raises ArchiveError."""
    done = []
    with (
        adapters.connection(Role.MIGRATOR, bounded=False) as owner,
        adapters.connection(Role.WORKER, bounded=False) as worker,
    ):
        archiver = Archiver(adapters.settings.archive_dir, owner=owner, worker=worker)
        for month, events in months:
            with progress_bar(month.name, total=events) as seen:
                archived = archiver.archive(month, step=_shown(seen, month.name))
            done += [archived] if archived else []
    return done


def _shown(seen: Advance, month: str) -> Step:
    return lambda step, done: seen(done, label=f"{month}: {step}")


def _until(adapters: Adapters, before: datetime | None) -> date:
    today = now().astimezone(UTC).date()
    if before:
        return min(before.date(), today.replace(day=1))
    if not adapters.settings.archive_after_days:
        raise click.ClickException(
            "say which months with --before 2026-05, or set ENGINE_ARCHIVE_AFTER_DAYS"
        )
    return over_for(adapters.settings.archive_after_days, today=today)


def _fault(archived: ArchivedRange) -> str:
    try:
        check(archived)
    except ArchiveError as error:
        return str(error)
    return ""
