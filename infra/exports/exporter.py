"""Write an export: read the log slice by slice, keep what the filter wants, prove the rest away."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from pathlib import Path
from time import monotonic, sleep
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.crypto.signing import SigningKey
from infra.eventstore.commit_rows import CommitRow
from infra.eventstore.evidence import seal_line
from infra.eventstore.mapper import Mapper
from infra.eventstore.merkle import as_ranges, prune
from infra.eventstore.reader import LogRow
from infra.eventstore.seal_rows import newest_seals, sealed_upto
from infra.exports.directory import COMMITS, EVENTS, SEALS, ExportDirectory, room
from infra.exports.event_opener import Opened, open_rows
from infra.exports.job import ExportJob, Progress
from infra.exports.lines import export_commit, export_event
from infra.exports.manifest import Manifest, as_json, make_manifest
from infra.exports.slices import Slice, actor_of, is_wanted, seal_before, slices
from infra.failpoints import Failpoint, failpoint

SEALS_WITHIN_S = 10.0  # a sealer that is alive is a second behind the log
LOOK_EVERY_S = 0.1
IS_SEALING = """
SELECT FROM heartbeats WHERE worker = 'sealer' AND beat_at > clock_timestamp() - interval '20 s'
"""
KEEP_EVERY = 5_000  # positions between two points at which a killed export can go on


def _nothing(_: Progress) -> None:
    return None


def _nobody(_: Progress, __: AbstractSet[UUID]) -> None:
    return None


class Hooks(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller wants to hear.

    `opening` comes before the people's fields are on disk, `kept` after the files are durable;
    `stop` is asked between slices.
    """

    opening: Callable[[Progress, AbstractSet[UUID]], None] = _nobody
    kept: Callable[[Progress], None] = _nothing
    stop: Callable[[], bool] = lambda: False


class Exporter:
    """Writes one export into one directory; `connection` is the worker's, in autocommit."""

    def __init__(
        self,
        connection: Connection[TupleRow],
        mapper: Mapper,
        key: SigningKey,
        *,
        hooks: Hooks,
    ) -> None:
        self._connection = connection
        self._mapper = mapper
        self._key = key
        self._hooks = hooks

    def run(self, job: ExportJob, path: Path, *, horizon: int) -> Manifest | None:
        """Write the export, or go on with it; None when it was stopped on the way.

        `horizon` is where a new export ends at the latest. Raises ExportDirectoryError, and
        DiskFullError, after which the same call goes on.
        """
        with ExportDirectory(path) as directory:
            progress = directory.open(job, lambda: self._new(job, horizon))
            with room(path, progress):
                if not self._write(directory, progress):
                    return None
                directory.keep(progress)
                manifest = make_manifest(directory.path, progress, self._key)
                directory.finish(as_json(manifest))
        return manifest

    def _new(self, job: ExportJob, horizon: int) -> Progress:
        wanted = job.filter
        upto = min(horizon, wanted.upto or horizon)
        self._wait_for_seals(upto)
        start = seal_before(self._connection, job.workspace_id, wanted.after)
        newest = next(newest_seals(self._connection, [job.workspace_id]), None)
        return Progress(
            job=job,
            upto=upto,
            last_seal=newest.number if newest else 0,
            seal=start.number,
            position=start.last_position if newest else min(wanted.after, upto),
        )

    def _wait_for_seals(self, upto: int) -> None:
        """Let a sealer that is at work catch up, so that nothing is exported unsealed."""
        deadline = monotonic() + SEALS_WITHIN_S
        while sealed_upto(self._connection) < upto and monotonic() < deadline:
            row = self._connection.execute(IS_SEALING).fetchone()
            if not row or self._hooks.stop():
                return
            sleep(LOOK_EVERY_S)

    def _write(self, directory: ExportDirectory, progress: Progress) -> bool:
        """Write slice by slice; tells whether the end was reached."""
        kept = progress.position
        for found in slices(
            self._connection,
            progress.job.workspace_id,
            seal=progress.seal,
            last_seal=progress.last_seal,
            after=progress.position,
            upto=progress.upto,
        ):
            self._write_slice(directory, progress, found)
            failpoint(Failpoint.EXPORTER_WRITTEN)
            if found.position - kept >= KEEP_EVERY:
                directory.keep(progress)
                failpoint(Failpoint.EXPORTER_KEPT)
                self._hooks.kept(progress)
                kept = found.position
            if self._hooks.stop():
                directory.keep(progress)
                return False
        progress.position = max(progress.position, progress.upto)
        return True

    def _write_slice(self, directory: ExportDirectory, progress: Progress, found: Slice) -> None:
        rows = _wanted(progress, found)
        opened = self._open(progress, rows)
        chosen = {row.position for row in rows}
        progress.open_commits |= {row.command_id for row in rows}
        known = []
        for at, (leaf, row) in enumerate(found.leaves):
            if isinstance(row, CommitRow):
                if row.command_id in progress.open_commits and leaf.position <= progress.upto:
                    self._write_commit(directory, progress, row)
                    known.append(at)
            elif leaf.position in chosen:
                actor = actor_of(found.commits, row)
                line = export_event(row, actor=actor, opened=opened.get(row.position))
                directory.write(EVENTS, line)
                known.append(at)
        if found.seal:
            leaves, ranges = [leaf for leaf, _ in found.leaves], as_ranges(known)
            pruned = prune([leaf.hash for leaf in leaves], ranges) if ranges else ()
            proof = seal_line(found.seal, ranges, pruned, leaves)
            directory.write(SEALS, msgspec.json.encode(proof) + b"\n")
            progress.seal = found.seal.number
        else:
            progress.unsealed += len(rows)
        _count(progress, rows, opened)
        progress.position = found.position

    def _open(self, progress: Progress, rows: list[LogRow]) -> Opened:
        if not progress.job.open_personal or not rows:
            return {}
        opened, subjects = open_rows(self._mapper, progress.job.workspace_id, rows)
        if subjects:
            self._hooks.opening(progress, subjects)
        return opened

    def _write_commit(
        self, directory: ExportDirectory, progress: Progress, commit: CommitRow
    ) -> None:
        directory.write(COMMITS, export_commit(commit))
        progress.open_commits.remove(commit.command_id)
        progress.commits += 1


def _wanted(progress: Progress, found: Slice) -> list[LogRow]:
    return [
        row
        for _, row in found.leaves
        if isinstance(row, LogRow)
        and row.position <= progress.upto
        and is_wanted(progress.job.filter, row, actor=actor_of(found.commits, row))
    ]


def _count(progress: Progress, rows: list[LogRow], opened: Opened) -> None:
    progress.events += len(rows)
    progress.opened += len(opened)
    if rows:
        progress.first_position = progress.first_position or rows[0].position
        progress.last_position = rows[-1].position
