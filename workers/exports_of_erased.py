"""Take away every export that shows an erased person's fields: a part of finishing an erasure."""

from uuid import UUID

import structlog

from commands.privacy.delete_export import DeleteExport, delete_export
from domain.privacy.events import DeletionReason
from domain.shared.ids import derive_id, time_ms_of
from infra.bootstrap import Adapters
from infra.exports.places import ExportPlaces
from infra.postgres.export_jobs import PostgresExports
from workers.acting import acting

log = structlog.get_logger()


def forget_exports(
    adapters: Adapters, *, worker: str, workspace_id: UUID, subject: UUID
) -> list[UUID]:
    """Delete every opened export that holds the person, with its fact; return which those were.

    Call it after the key is destroyed. Opened exports that are being written begin again, and
    find no key. Safe to repeat. Where this process cannot reach the files, the exporter removes
    them within seconds. Directories that `engine log export` wrote elsewhere are their owners'.
    """
    exports = PostgresExports(adapters.pool)
    places = ExportPlaces(adapters.settings.exports_dir)
    exports.begin_again(workspace_id)
    found = exports.holding(workspace_id, subject)
    for export_id in found:
        command = derive_id(time_ms_of(export_id), export_id.bytes, b"erased")
        delete_export(
            DeleteExport(export_id=export_id, reason=DeletionReason.PERSON_ERASED),
            acting(worker, workspace_id, command),
            adapters.log,
            exports,
        )
        places.wipe(workspace_id, export_id)
        log.info("export_of_erased_deleted", export_id=str(export_id))
    return found
