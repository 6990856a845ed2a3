"""Take an export away before its time."""

from uuid import UUID

import msgspec

from commands.ports import EventLog, Exports
from domain.privacy import export
from domain.privacy.events import DeletionReason
from domain.privacy.export import EXPORT
from domain.shared.context import Context


class DeleteExport(msgspec.Struct, frozen=True, kw_only=True):
    """Delete its files; asking again changes nothing."""

    export_id: UUID
    reason: DeletionReason = DeletionReason.REQUESTED
    of_data: bool | None = None  # of which sort it must be; None: whichever


def delete_export(command: DeleteExport, context: Context, log: EventLog, exports: Exports) -> int:
    """Record it; the exporter removes the files. Raises NotFoundError."""
    gone = exports.delete(context.workspace_id, command.export_id)
    return log.decide(
        EXPORT,
        command.export_id,
        lambda state: export.delete(
            state,
            export_id=command.export_id,
            reason=command.reason,
            of_data=command.of_data,
        ),
        context,
        effects=lambda _: [gone],
    )
