"""The exporter: writes exports of the log and of data, removes them when they are over."""

from pathlib import Path

import structlog

from domain.privacy import export
from domain.privacy.export import EXPORT
from domain.shared.context import Context
from domain.shared.errors import ConcurrentChangeError
from domain.shared.ids import derive_id, time_ms_of
from infra.bootstrap import Adapters
from infra.crypto.signing import SigningKey
from infra.eventstore.mapper import UnknownEventError
from infra.exports.directory import (
    DirectoryBusyError,
    DiskFullError,
    ExportDirectoryError,
)
from infra.exports.exporter import Exporter, Hooks
from infra.exports.job import ExportJob, Progress
from infra.exports.manifest import Manifest, completed, read_manifest
from infra.exports.places import ExportPlaces
from infra.failpoints import Failpoint, failpoint
from infra.postgres.advisory_locks import EXPORT_LOCK
from infra.postgres.export_jobs import PostgresExports
from infra.postgres.retention import PostgresRetention
from infra.postgres.sql_effect import StaleStateError
from workers.acting import acting
from workers.data_exporting import DataExportWorker
from workers.jobs import Heartbeat, alone, work_on_one
from workers.runtime import Stop, run_steps

log = structlog.get_logger()

NAME = "exporter"
POLL_S = 0.5
HOURS_A_DAY = 24
NO_ROOM = "the exporter has no room for its files: the export goes on when there is some"
NO_ACCESS = "the exporter cannot write its files: the export goes on when it can"


class ExportWorker:
    """Writes one export at a time; it resumes anywhere, and a second worker leaves it alone."""

    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters
        self._exports = PostgresExports(adapters.pool)
        self._places = ExportPlaces(adapters.settings.exports_dir)
        self._key = SigningKey(adapters.settings.secret_key)
        self.heartbeat = Heartbeat(adapters, NAME)
        self._retention = PostgresRetention(adapters.pool)
        self._data = DataExportWorker(adapters, self.heartbeat)

    def step(self, stop: Stop) -> bool:
        """End what is over, then work on the oldest export that nobody else has.

        Tells whether there was one. Raises what broke when there was nothing else to do.
        """
        self._sweep()
        for job in self._exports.expired():
            self._expire(job)
        written = work_on_one(
            self._exports.running(),
            lambda job: self._export_if_free(job, stop),
            id_of=lambda job: job.export_id,
        )
        of_data = work_on_one(
            self._data.running(),
            lambda job: self._data.export_if_free(job, stop),
            id_of=lambda job: job.export_id,
        )
        return written or of_data

    def _export_if_free(self, job: ExportJob, stop: Stop) -> bool:
        with alone(self._adapters, EXPORT_LOCK, job.export_id) as connection:
            if connection is None:
                return False
            hooks = Hooks(
                opening=self._exports.holds,
                kept=self._kept,
                stop=lambda: bool(stop),
            )
            exporter = Exporter(connection, self._adapters.mapper, self._key, hooks=hooks)
            return self._export(job, exporter)

    def _kept(self, progress: Progress) -> None:
        self.heartbeat.beat()
        self._exports.moved(progress)

    def _export(self, job: ExportJob, exporter: Exporter) -> bool:
        """Write, pack, complete; tells whether anything more can be done at once."""
        path = self._places.directory(job.workspace_id, job.export_id)
        try:
            manifest = read_manifest(path)
            if manifest is not None and manifest.generation != job.generation:
                self._places.wipe(job.workspace_id, job.export_id)
                manifest = None
            if manifest is None:
                manifest = exporter.run(job, path, horizon=self._adapters.reader.horizon())
            if manifest is not None:
                self._complete(job, manifest, path)
        except DirectoryBusyError:
            return False
        except (ExportDirectoryError, ConcurrentChangeError, StaleStateError) as error:
            # Not whole, of an earlier generation, or deleted: nothing of it may stay.
            log.warning("export_begins_again", export_id=str(job.export_id), error=str(error))
            self._places.wipe(job.workspace_id, job.export_id)
        except DiskFullError:
            self._exports.waits(job, error=NO_ROOM)
            raise
        except OSError:
            self._exports.waits(job, error=NO_ACCESS)
            raise
        except UnknownEventError as error:
            self._fail(job, error)
        return True

    def _complete(self, job: ExportJob, manifest: Manifest, path: Path) -> None:
        size = self._places.pack(job.workspace_id, job.export_id)
        failpoint(Failpoint.EXPORTER_PACKED)
        outcome = completed(manifest, path)
        effect = self._exports.completed(
            job,
            upto=manifest.upto,
            events=outcome.events,
            size_bytes=size,
            sha256=outcome.sha256,
            keep_hours=self._keep_days(job) * HOURS_A_DAY,
        )
        self._adapters.log.decide(
            EXPORT,
            job.export_id,
            lambda state: export.complete(state, outcome=outcome),
            self._context(job, b"complete", str(job.generation).encode()),
            effects=lambda _: [effect],
        )
        if self._exports.completed_size(job.workspace_id, job.export_id) is None:
            self._places.wipe(job.workspace_id, job.export_id)  # it was deleted meanwhile
        self._places.wipe_directory(job.workspace_id, job.export_id)
        log.info("export_completed", export_id=str(job.export_id), events=outcome.events)

    def _keep_days(self, job: ExportJob) -> int:
        chosen = self._retention.settings(job.workspace_id).export_days
        return chosen or self._adapters.settings.export_keep_days

    def _fail(self, job: ExportJob, error: UnknownEventError) -> None:
        reason = str(error)
        self._adapters.log.decide(
            EXPORT,
            job.export_id,
            lambda state: export.fail(
                state, export_id=job.export_id, code="unknown_event", reason=reason
            ),
            self._context(job, b"fail"),
            effects=lambda _: [self._exports.failed(job, error=reason)],
        )
        self._places.wipe(job.workspace_id, job.export_id)

    def _expire(self, job: ExportJob) -> None:
        """Remove the files first: the fact says that they are gone."""
        self._places.wipe(job.workspace_id, job.export_id)
        over = self._exports.close(job.workspace_id, job.export_id, state="expired")
        self._adapters.log.decide(
            EXPORT,
            job.export_id,
            lambda state: export.expire(state, export_id=job.export_id),
            self._context(job, b"expire"),
            effects=lambda _: [over],
        )
        log.info("export_expired", export_id=str(job.export_id))

    def _sweep(self) -> None:
        """Remove files of exports that are over: at the start, and when one was deleted."""
        for path in self._places.sweep(self._exports.busy):
            log.info("export_file_removed", file=path.name)

    def _context(self, job: ExportJob, *what: bytes) -> Context:
        command = derive_id(time_ms_of(job.export_id), job.export_id.bytes, *what)
        return acting(NAME, job.workspace_id, command, correlation_id=job.export_id)


def run(adapters: Adapters, stop: Stop) -> None:
    """Export until the stop."""
    worker = ExportWorker(adapters)

    def step() -> bool:
        worker.heartbeat.beat()
        return worker.step(stop)

    run_steps(NAME, stop, step, idle_s=POLL_S)
