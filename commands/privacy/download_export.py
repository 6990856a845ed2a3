"""Let somebody who has the signed link have an export."""

from uuid import UUID

from commands.ports import EventLog
from domain.privacy import export
from domain.privacy.export import EXPORT
from domain.shared.context import Context


def download_export(export_id: UUID, context: Context, log: EventLog) -> int:
    """Record the download. Raises NotFoundError when the export has no file (any more)."""
    return log.decide(
        EXPORT, export_id, lambda state: export.download(state, export_id=export_id), context
    )
