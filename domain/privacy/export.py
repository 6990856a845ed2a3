"""The life of an export: requested, then completed or failed, then expired or deleted."""

from enum import StrEnum
from typing import assert_never
from uuid import UUID

import msgspec

from domain.privacy.events import (
    DataExportCompleted,
    DataExportRequested,
    DataScope,
    DeletionReason,
    ExportCompleted,
    ExportDeleted,
    ExportDownloaded,
    ExportEvent,
    ExportExpired,
    ExportFailed,
    ExportRequested,
)
from domain.privacy.export_filter import ExportFilter
from domain.shared.errors import (
    GoneError,
    IllegalTransitionError,
    InvalidInputError,
    NotFoundError,
)
from domain.shared.model import StreamModel


class Status(StrEnum):
    """Where an export is."""

    ABSENT = "absent"
    RUNNING = "running"
    COMPLETED = "completed"
    GONE = "gone"


class Export(msgspec.Struct, frozen=True):
    """What later decisions need to know."""

    status: Status = Status.ABSENT
    of_data: bool = False


def request(
    export: Export, *, export_id: UUID, wanted: ExportFilter, open_personal: bool
) -> list[ExportEvent]:
    """Ask for an export. Raises InvalidInputError for a filter that no event can pass."""
    if export.status is not Status.ABSENT:
        raise IllegalTransitionError("an export with this id exists already")
    if wanted.since is not None and wanted.until is not None and wanted.since >= wanted.until:
        raise InvalidInputError("`since` must be earlier than `until`: no event lies between")
    if wanted.upto is not None and wanted.after >= wanted.upto:
        raise InvalidInputError("`after` must be below `upto`: no position lies between")
    return [ExportRequested(export_id=export_id, filter=wanted, open_personal=open_personal)]


def request_data(
    export: Export, *, export_id: UUID, scope: DataScope, contact_id: UUID | None
) -> list[ExportEvent]:
    """Ask for the data of a person, or of the whole workspace."""
    if export.status is not Status.ABSENT:
        raise IllegalTransitionError("an export with this id exists already")
    return [DataExportRequested(export_id=export_id, scope=scope, contact_id=contact_id)]


def complete(
    export: Export, *, outcome: ExportCompleted | DataExportCompleted
) -> list[ExportEvent]:
    """Close it; an export that was deleted meanwhile stays deleted."""
    return [outcome] if export.status is Status.RUNNING else []


def fail(export: Export, *, export_id: UUID, code: str, reason: str) -> list[ExportEvent]:
    """Close it with a reason."""
    if export.status is not Status.RUNNING:
        return []
    return [ExportFailed(export_id=export_id, code=code, reason=reason)]


def download(export: Export, *, export_id: UUID) -> list[ExportEvent]:
    """Let somebody have the file."""
    if export.status is not Status.COMPLETED:
        raise GoneError(
            "the file of this export is deleted, or not there yet: ask for a new export"
        )
    return [ExportDownloaded(export_id=export_id)]


def expire(export: Export, *, export_id: UUID) -> list[ExportEvent]:
    """End a completed export whose time is over."""
    return [ExportExpired(export_id=export_id)] if export.status is Status.COMPLETED else []


def delete(
    export: Export, *, export_id: UUID, reason: DeletionReason, of_data: bool | None = None
) -> list[ExportEvent]:
    """Take it away; says nothing when it is gone already.

    Raises NotFoundError, also for an export of the other sort than `of_data` says.
    """
    if export.status is Status.ABSENT or (of_data is not None and export.of_data != of_data):
        raise NotFoundError("there is no such export in this workspace")
    if export.status is Status.GONE:
        return []
    return [ExportDeleted(export_id=export_id, reason=reason)]


def evolve(export: Export, event: ExportEvent) -> Export:
    """Fold one fact of an export."""
    match event:
        case ExportRequested():
            return Export(Status.RUNNING)
        case DataExportRequested():
            return Export(Status.RUNNING, of_data=True)
        case ExportCompleted() | DataExportCompleted():
            return msgspec.structs.replace(export, status=Status.COMPLETED)
        case ExportFailed() | ExportExpired() | ExportDeleted():
            return msgspec.structs.replace(export, status=Status.GONE)
        case ExportDownloaded():
            return export
        case _:
            assert_never(event)


EXPORT: StreamModel[Export, ExportEvent] = StreamModel(
    name="export", initial=Export(), evolve=evolve
)
