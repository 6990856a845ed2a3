"""Write exports of people's data: the exporter's other half."""

import structlog

from domain.privacy import export
from domain.privacy.events import DataExportCompleted, DataScope
from domain.privacy.export import EXPORT
from domain.shared.errors import ConcurrentChangeError
from domain.shared.ids import derive_id, time_ms_of
from infra.bootstrap import Adapters
from infra.crypto.signing import SigningKey
from infra.data_exports.exporter import DataExporter, Kept
from infra.data_exports.job import DataJob, DataProgress
from infra.data_exports.pages import DataPages
from infra.data_exports.sections import MODELS
from infra.exports.directory import MANIFEST
from infra.exports.places import ExportPlaces
from infra.failpoints import Failpoint, failpoint
from infra.files.digests import sha256_of
from infra.postgres.advisory_locks import EXPORT_LOCK
from infra.postgres.checkpoints import Checkpoints
from infra.postgres.data_export_jobs import DataExportJobs
from infra.postgres.export_jobs import PostgresExports
from infra.postgres.retention import PostgresRetention
from infra.postgres.sql_effect import StaleStateError
from workers.acting import acting
from workers.jobs import Heartbeat, alone
from workers.runtime import Stop

log = structlog.get_logger()

NAME = "exporter"
NO_ACCESS = "the exporter cannot write its files: the export goes on when it can"


class DataExportWorker:
    """Writes one export at a time; it resumes anywhere, and a second worker leaves it alone."""

    def __init__(self, adapters: Adapters, heartbeat: Heartbeat) -> None:
        self._adapters = adapters
        self._heartbeat = heartbeat
        self._jobs = DataExportJobs(adapters.pool)
        self._exports = PostgresExports(adapters.pool)
        self._places = ExportPlaces(adapters.settings.exports_dir)
        self._retention = PostgresRetention(adapters.pool)
        self._key = SigningKey(adapters.settings.secret_key)

    def running(self) -> list[DataJob]:
        """Return what is to be written and can be: the read models have seen the request."""
        return [job for job in self._jobs.running() if self._is_ready(job)]

    def export_if_free(self, job: DataJob, stop: Stop) -> bool:
        """Work on it; tells whether anything more can be done at once."""
        with alone(self._adapters, EXPORT_LOCK, job.export_id) as connection:
            if connection is None:
                return False
            try:
                self._export(job, stop)
            except (ConcurrentChangeError, StaleStateError) as error:
                # Deleted, or somebody in it was erased: nothing of it may stay.
                log.warning("export_begins_again", export_id=str(job.export_id), error=str(error))
                self._places.wipe(job.workspace_id, job.export_id)
            except OSError:
                self._jobs.waits(job.workspace_id, job.export_id, error=NO_ACCESS)
                raise
            return True

    def _is_ready(self, job: DataJob) -> bool:
        seen = Checkpoints(self._adapters.pool).lowest(MODELS, job.workspace_id)
        return seen >= job.requested_position

    def _export(self, job: DataJob, stop: Stop) -> None:
        pages = DataPages(self._adapters.pool, self._adapters.mapper, job)
        total = pages.total() if job.scope is DataScope.WORKSPACE else None

        def kept(progress: DataProgress) -> None:
            self._heartbeat.beat()
            whole = None if total is None else max(total, progress.records)
            self._jobs.moved(job, records=progress.records, total=whole)

        exporter = DataExporter(pages, self._key, kept=kept, stop=lambda: bool(stop))
        path = self._places.directory(job.workspace_id, job.export_id)
        written = exporter.run(job, path, horizon=self._adapters.reader.horizon())
        if written is not None:
            self._complete(job, written)

    def _complete(self, job: DataJob, written: Kept) -> None:
        workspace_id, export_id = job.workspace_id, job.export_id
        size = self._places.pack(workspace_id, export_id, [*written.names, MANIFEST])
        failpoint(Failpoint.EXPORTER_DATA_PACKED)
        manifest = self._places.directory(workspace_id, export_id) / MANIFEST
        outcome = DataExportCompleted(
            export_id=export_id, records=written.records, sha256=sha256_of(manifest).hex()
        )
        days = self._retention.settings(workspace_id).export_days
        effect = self._jobs.completed(
            job,
            records=outcome.records,
            size_bytes=size,
            sha256=outcome.sha256,
            days=days or self._adapters.settings.export_keep_days,
        )
        command = derive_id(
            time_ms_of(export_id), export_id.bytes, b"complete", str(job.generation).encode()
        )
        self._adapters.log.decide(
            EXPORT,
            export_id,
            lambda state: export.complete(state, outcome=outcome),
            acting(NAME, workspace_id, command, correlation_id=export_id),
            effects=lambda _: [effect],
        )
        if self._exports.completed_size(workspace_id, export_id) is None:
            self._places.wipe(workspace_id, export_id)  # it was deleted meanwhile
        self._places.wipe_directory(workspace_id, export_id)
        log.info("data_export_completed", export_id=str(export_id), records=outcome.records)
