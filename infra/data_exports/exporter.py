"""Write an export of data: section by section, a page at a time, durable at each page."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from infra.crypto.signing import SigningKey
from infra.data_exports.cells import csv_header, csv_line, json_line
from infra.data_exports.directory import DataDirectory
from infra.data_exports.job import DataJob, DataProgress
from infra.data_exports.manifest import make_manifest
from infra.data_exports.pages import DataPages
from infra.data_exports.sections import CONTACT, WORKSPACE, Section
from infra.exports.directory import MANIFEST
from infra.failpoints import Failpoint, failpoint
from infra.files.durable import write_whole

EVENT_COLUMNS = ("position", "recorded_at", "type", "event")


class Kept(msgspec.Struct, frozen=True):
    """A finished export: its files but the manifest, and how many records they hold."""

    names: list[str]
    records: int


class DataExporter:
    """Writes one export into one directory; `kept` is told of every page, `stop` asked."""

    def __init__(
        self,
        pages: DataPages,
        key: SigningKey,
        *,
        kept: Callable[[DataProgress], None],
        stop: Callable[[], bool],
    ) -> None:
        self._pages = pages
        self._key = key
        self._kept = kept
        self._stop = stop

    def run(self, job: DataJob, path: Path, *, horizon: int) -> Kept | None:
        """Write the export, or go on with it; None when it was stopped on the way.

        `horizon` is how far the log is read. Raises what `kept` raises.
        """
        directory = DataDirectory(path)
        progress = directory.open(job.generation)
        sections = CONTACT if job.contact_id else WORKSPACE
        try:
            while progress.section < len(sections):
                self._write_page(directory, progress, sections[progress.section])
                if self._keep(directory, progress):
                    return None
            while job.contact_id and not self._write_events(directory, progress, job, horizon):
                if self._keep(directory, progress):
                    return None
            self._keep(directory, progress)
        finally:
            directory.close()
        names = sorted(progress.sizes)
        write_whole(path / MANIFEST, make_manifest(job, progress, path, self._key))
        return Kept(names, progress.records)

    def _keep(self, directory: DataDirectory, progress: DataProgress) -> bool:
        """Make it durable, and tell whether to stop."""
        failpoint(Failpoint.EXPORTER_DATA_WRITTEN)
        directory.keep(progress)
        failpoint(Failpoint.EXPORTER_DATA_KEPT)
        self._kept(progress)
        return self._stop()

    def _write_page(
        self, directory: DataDirectory, progress: DataProgress, section: Section
    ) -> None:
        if not progress.after:
            directory.write(f"{section.name}.csv", csv_header(section.columns))
            directory.write(f"{section.name}.jsonl", b"")
        rows = self._pages.page(section, progress.after, number=progress.pages)
        for row in rows:
            shown = dict(zip(section.columns, row[section.keys :], strict=True))
            directory.write(f"{section.name}.jsonl", json_line(shown))
            directory.write(f"{section.name}.csv", csv_line(shown))
        _count(progress, section.name, len(rows))
        if rows:
            progress.after = [str(key) for key in rows[-1][: section.keys]]
        else:
            progress.section, progress.after = progress.section + 1, []

    def _write_events(
        self, directory: DataDirectory, progress: DataProgress, job: DataJob, horizon: int
    ) -> bool:
        """Write what the log says in clear; tells whether the end was reached."""
        after = int(progress.after[0]) if progress.after else 0
        if not progress.after:
            directory.write("events.csv", csv_header(EVENT_COLUMNS))
            directory.write("events.jsonl", b"")
        if job.contact_id is None or (after >= horizon and progress.after):
            return True
        lines, after = self._pages.events(job.contact_id, after, horizon=horizon)
        for line in lines:
            directory.write("events.jsonl", json_line(line))
            directory.write("events.csv", csv_line(line))
        _count(progress, "events", len(lines))
        progress.after = [str(after)]
        return after >= horizon


def _count(progress: DataProgress, name: str, rows: int) -> None:
    progress.pages += 1
    progress.records += rows
    progress.counts[name] = progress.counts.get(name, 0) + rows
