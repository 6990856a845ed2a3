"""The vocabulary of erasure, of retention, and of exports of the log and of people's data.

A context of its own, so that every read model can follow it alone.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from domain.privacy.export_filter import ExportFilter
from domain.privacy.retention_settings import RetentionSettings
from domain.shared.model import Event


class ContactAnonymized(Event, frozen=True):
    """The person was erased: the key is destroyed, and what it sealed is unreadable for ever.

    Holds no personal data. `key_sha256` is the SHA-256, in hex, of the wrapped key that was
    destroyed; empty when nothing personal had ever been recorded. With the place of this event
    and its commit it is all that a receipt says (docs/privacy.md).
    """

    TAG: ClassVar[str] = "privacy.contact_anonymized.v1"
    contact_id: UUID
    key_sha256: str = ""


class RetentionChosen(Event, frozen=True):
    """From now on things are kept so long."""

    TAG: ClassVar[str] = "privacy.retention_chosen.v1"
    settings: RetentionSettings


class RejectedRowsForgotten(Event, frozen=True):
    """The time of an import's rejected rows was over: their cells are deleted."""

    TAG: ClassVar[str] = "privacy.rejected_rows_forgotten.v1"
    import_id: UUID
    rows: int


class EngagementForgotten(Event, frozen=True):
    """Of messages sent before `before` it is not known any more who opened and who clicked.

    The figures of campaigns stay.
    """

    TAG: ClassVar[str] = "privacy.engagement_forgotten.v1"
    before: datetime


class DeletionReason(StrEnum):
    """Why an export is there no more."""

    REQUESTED = "requested"
    PERSON_ERASED = "person_erased"


class ExportRequested(Event, frozen=True):
    """Somebody wants events of the log; with `open_personal` their personal fields are opened."""

    TAG: ClassVar[str] = "privacy.export_requested.v1"
    export_id: UUID
    filter: ExportFilter
    open_personal: bool


class DataScope(StrEnum):
    """Whose data an export holds."""

    CONTACT = "contact"
    WORKSPACE = "workspace"


class DataExportRequested(Event, frozen=True):
    """Somebody wants what is held of a person, or all that the workspace holds."""

    TAG: ClassVar[str] = "privacy.data_export_requested.v1"
    export_id: UUID
    scope: DataScope
    contact_id: UUID | None = None


class DataExportCompleted(Event, frozen=True):
    """The archive is whole. `sha256` is that of its manifest, which names those of its files."""

    TAG: ClassVar[str] = "privacy.data_export_completed.v1"
    export_id: UUID
    records: int
    sha256: str


class ExportCompleted(Event, frozen=True):
    """The files are whole. `sha256` is that of the manifest, which names those of the files."""

    TAG: ClassVar[str] = "privacy.export_completed.v1"
    export_id: UUID
    events: int
    commits: int
    opened: int
    first_position: int
    last_position: int
    sha256: str


class ExportFailed(Event, frozen=True):
    """The export cannot be made; `reason` says why, without personal data."""

    TAG: ClassVar[str] = "privacy.export_failed.v1"
    export_id: UUID
    code: str
    reason: str


class ExportDownloaded(Event, frozen=True):
    """Somebody followed the signed link."""

    TAG: ClassVar[str] = "privacy.export_downloaded.v1"
    export_id: UUID


class ExportExpired(Event, frozen=True):
    """The time of the export was over; its file is deleted."""

    TAG: ClassVar[str] = "privacy.export_expired.v1"
    export_id: UUID


class ExportDeleted(Event, frozen=True):
    """The export was taken away before its time; its file is deleted."""

    TAG: ClassVar[str] = "privacy.export_deleted.v1"
    export_id: UUID
    reason: DeletionReason


ErasureEvent = ContactAnonymized
ExportEvent = (
    ExportRequested
    | DataExportRequested
    | DataExportCompleted
    | ExportCompleted
    | ExportFailed
    | ExportDownloaded
    | ExportExpired
    | ExportDeleted
)
EVENTS: tuple[type[Event], ...] = (
    ContactAnonymized,
    RetentionChosen,
    RejectedRowsForgotten,
    EngagementForgotten,
    DataExportRequested,
    DataExportCompleted,
    ExportRequested,
    ExportCompleted,
    ExportFailed,
    ExportDownloaded,
    ExportExpired,
    ExportDeleted,
)
