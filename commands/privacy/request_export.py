"""Ask for the events of a workspace in files, with what proves them."""

from collections.abc import Set as AbstractSet
from uuid import UUID

import msgspec

from commands.ports import EventLog, Exports
from domain.privacy import export
from domain.privacy.export import EXPORT
from domain.privacy.export_filter import ExportFilter
from domain.privacy.names import OPEN_PERSONAL
from domain.shared.context import Context
from domain.shared.errors import PermissionMissingError


class RequestExport(msgspec.Struct, frozen=True, kw_only=True):
    """Export what the filter wants; with `open_personal` the people's fields are opened."""

    export_id: UUID
    filter: ExportFilter
    open_personal: bool = False


def request_export(
    command: RequestExport,
    context: Context,
    log: EventLog,
    exports: Exports,
    *,
    permissions: AbstractSet[str],
) -> int:
    """Record the request and hand it to the exporter, in one transaction.

    Raises PermissionMissingError when fields are to be opened by somebody who may not.
    """
    if command.open_personal and OPEN_PERSONAL not in permissions:
        raise PermissionMissingError(
            f"opening personal fields needs the permission {OPEN_PERSONAL}: leave `open_personal` "
            "out, or use a token that was issued with it"
        )
    begin = exports.begin(
        context.workspace_id,
        command.export_id,
        wanted=command.filter,
        open_personal=command.open_personal,
        requested_by=context.actor,
    )
    return log.decide(
        EXPORT,
        command.export_id,
        lambda state: export.request(
            state,
            export_id=command.export_id,
            wanted=command.filter,
            open_personal=command.open_personal,
        ),
        context,
        effects=lambda _: [begin],
    )
