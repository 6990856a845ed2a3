"""Ask for what is held of a person (GDPR, articles 15 and 20), or for all of a workspace."""

from uuid import UUID

import msgspec

from commands.ports import EventLog, Exports
from domain.privacy import export
from domain.privacy.events import DataScope
from domain.privacy.export import EXPORT
from domain.shared.context import Context


class RequestDataExport(msgspec.Struct, frozen=True, kw_only=True):
    """Export the data of this contact; of the whole workspace when none is named."""

    export_id: UUID
    contact_id: UUID | None = None


def request_data_export(
    command: RequestDataExport, context: Context, log: EventLog, exports: Exports
) -> int:
    """Record the request and hand it to the exporter, in one transaction."""
    scope = DataScope.CONTACT if command.contact_id else DataScope.WORKSPACE
    begin = exports.begin_data(
        context.workspace_id,
        command.export_id,
        scope=scope,
        contact_id=command.contact_id,
        requested_by=context.actor,
    )
    return log.decide(
        EXPORT,
        command.export_id,
        lambda state: export.request_data(
            state, export_id=command.export_id, scope=scope, contact_id=command.contact_id
        ),
        context,
        effects=lambda _: [begin],
    )
