"""The vocabulary of contacts, their consent and their imports."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from domain.shared.model import Event
from domain.shared.personal import Personal


class Channel(StrEnum):
    """How somebody unsubscribed."""

    ONE_CLICK = "one_click"
    PAGE = "page"
    API = "api"


class SuppressionReason(StrEnum):
    """Why a person gets no mail whatever the campaign."""

    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCES = "soft_bounces"
    COMPLAINT = "complaint"
    MANUAL = "manual"
    UNSUBSCRIBED = "unsubscribed"


class SuppressionSource(StrEnum):
    """Where a suppression comes from."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    IMPORT = "import"
    API = "api"
    UNSUBSCRIBE_PAGE = "unsubscribe_page"


class DeletionCause(StrEnum):
    """Why a contact was put into the trash."""

    REQUESTED = "requested"
    INACTIVE = "inactive"


class ImportRequested(Event, frozen=True):
    """A file was uploaded and its columns were mapped. `sha256` names the content.

    `consent_source` and `consent_text` are the importer's word: where the people of the file
    agreed to get mail, and to which words.
    """

    TAG: ClassVar[str] = "contacts.import_requested.v1"
    import_id: UUID
    sha256: str
    size_bytes: int
    mapping: dict[str, str]
    consent_source: str = ""
    consent_text: str = ""


class ImportCompleted(Event, frozen=True):
    """Every row of the file has a verdict; the figures add up to `rows`."""

    TAG: ClassVar[str] = "contacts.import_completed.v1"
    import_id: UUID
    rows: int
    valid: int
    duplicates: int
    invalid: int
    empty: int


class ImportFailed(Event, frozen=True):
    """The file cannot be read; rows before the fault are imported and stay."""

    TAG: ClassVar[str] = "contacts.import_failed.v1"
    import_id: UUID
    code: str
    reason: str


class ContactImported(Event, frozen=True):
    """A new contact came in with row `row` of an import, with the consent the importer claims.

    `stopped` (suppressed or unsubscribed) when the address was on the suppression list before.
    """

    TAG: ClassVar[str] = "contacts.contact_imported.v1"
    SUBJECT: ClassVar[str | None] = "contact_id"
    contact_id: UUID
    import_id: UUID
    row: int
    email: Personal[str | None] = None
    first_name: Personal[str | None] = None
    last_name: Personal[str | None] = None
    fields: Personal[dict[str, str] | None] = None
    stopped: str = ""


class ContactUnsubscribed(Event, frozen=True):
    """The person asked for no more mail."""

    TAG: ClassVar[str] = "contacts.contact_unsubscribed.v1"
    contact_id: UUID
    via: Channel
    campaign_id: UUID | None = None


class ContactSuppressed(Event, frozen=True):
    """No mail may go to this person until `expires_at`, without one for ever.

    `caused_by` is the fact that says why; `detail` holds nothing personal.
    """

    TAG: ClassVar[str] = "contacts.contact_suppressed.v1"
    contact_id: UUID
    reason: SuppressionReason
    detail: str
    caused_by: UUID | None = None
    source: SuppressionSource = SuppressionSource.BOUNCE
    expires_at: datetime | None = None


class SuppressionLifted(Event, frozen=True):
    """This reason does not stop mail any more; `still` says what does: a status, or nothing.

    `acknowledged` where somebody said that they know what lifting a complaint or an unsubscription
    means; `detail` holds nothing personal.
    """

    TAG: ClassVar[str] = "contacts.suppression_lifted.v1"
    contact_id: UUID
    reason: SuppressionReason
    detail: str
    still: str = ""
    acknowledged: bool = False
    caused_by: UUID | None = None


class AddressListed(Event, frozen=True):
    """An address that is nobody's yet is to be suppressed: if it is imported, under this id."""

    TAG: ClassVar[str] = "contacts.address_listed.v1"
    SUBJECT: ClassVar[str | None] = "contact_id"
    contact_id: UUID
    email: Personal[str | None] = None


class SuppressionImported(Event, frozen=True):
    """Row `row` of a list that was imported says that no mail may go to this address."""

    TAG: ClassVar[str] = "contacts.suppression_imported.v1"
    SUBJECT: ClassVar[str | None] = "contact_id"
    contact_id: UUID
    import_id: UUID
    row: int
    reason: SuppressionReason
    detail: str = ""
    expires_at: datetime | None = None
    email: Personal[str | None] = None


class ConsentGiven(Event, frozen=True):
    """The person agreed to get mail: where, and to which words. Neither holds personal data."""

    TAG: ClassVar[str] = "contacts.consent_given.v1"
    contact_id: UUID
    source: str
    text: str
    given_at: datetime


class ContactDeleted(Event, frozen=True):
    """The contact is in the trash: no mail, and erased after `restorable_until`."""

    TAG: ClassVar[str] = "contacts.contact_deleted.v1"
    contact_id: UUID
    restorable_until: datetime
    cause: DeletionCause = DeletionCause.REQUESTED


class ContactRestored(Event, frozen=True):
    """The contact came back from the trash as it was."""

    TAG: ClassVar[str] = "contacts.contact_restored.v1"
    contact_id: UUID


class ContactPurged(Event, frozen=True):
    """The time in the trash is over: there is no way back, the erasure follows."""

    TAG: ClassVar[str] = "contacts.contact_purged.v1"
    contact_id: UUID


ImportEvent = ImportRequested | ImportCompleted | ImportFailed
ConsentEvent = (
    ContactUnsubscribed
    | ContactSuppressed
    | SuppressionLifted
    | AddressListed
    | ConsentGiven
    | ContactDeleted
    | ContactRestored
    | ContactPurged
)
EVENTS: tuple[type[Event], ...] = (
    ImportRequested,
    ImportCompleted,
    ImportFailed,
    ContactImported,
    ContactUnsubscribed,
    ContactSuppressed,
    SuppressionLifted,
    AddressListed,
    SuppressionImported,
    ConsentGiven,
    ContactDeleted,
    ContactRestored,
    ContactPurged,
)
