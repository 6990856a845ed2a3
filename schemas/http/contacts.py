"""Contacts, their imports and suppressions as the API shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.delivery import Message
from schemas.http.fields import NextCursor


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """One person. Personal fields are null after an erasure, whose time is `erased_at`."""

    contact_id: UUID
    email: str | None
    first_name: str | None
    last_name: str | None
    fields: dict[str, str] | None
    status: Annotated[str, msgspec.Meta(description="subscribed, unsubscribed or suppressed")]
    status_at: datetime | None
    import_id: UUID
    added_at: datetime
    erased_at: datetime | None
    deleted_at: Annotated[datetime | None, msgspec.Meta(description="In the trash since then.")]


class ContactPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of contacts, and how many are looked for on all pages together."""

    items: list[Contact]
    next: NextCursor
    total: Annotated[int, msgspec.Meta(description="Counted up to 100,000.")]
    total_is_about: Annotated[bool, msgspec.Meta(description="There are more than `total`.")]


class Facet(msgspec.Struct, frozen=True, kw_only=True):
    """How many contacts have this value."""

    value: str
    count: int


class ContactFacets(msgspec.Struct, frozen=True, kw_only=True):
    """How many there are of each kind, among those who are looked for; counted up to 100,000."""

    total: int
    total_is_about: Annotated[bool, msgspec.Meta(description="There are more than `total`.")]
    status: list[Facet]
    import_id: list[Facet]


class ContactEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a person, at a position of the log."""

    kind: Annotated[
        str,
        msgspec.Meta(
            description="imported, erased, given, withdrawn, suppressed, lifted, deleted, "
            "restored, purged, queued, sent, or what else happens to a message"
        ),
    ]
    position: int
    at: datetime
    text: Annotated[str, msgspec.Meta(description="What happened, in words.")]
    source: Annotated[str | None, msgspec.Meta(description="Who or what made it happen.")]
    reason: str | None
    import_id: UUID | None
    campaign_id: UUID | None
    message_id: UUID | None
    link: int | None


class ContactEventPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what happened to a person, newest first."""

    items: list[ContactEvent]
    next: NextCursor
    counts: Annotated[
        dict[str, int], msgspec.Meta(description="How often each kind of thing happened, of all.")
    ]


class ContactDetail(Contact, frozen=True, kw_only=True):
    """One person with the newest messages, newest first, at most 200."""

    messages: list[Message]


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """How far an import is: the figures of rows that have a verdict."""

    import_id: UUID
    status: Annotated[
        str, msgspec.Meta(description="reviewing, checking, running, completed or failed")
    ]
    mapping: dict[str, str]
    size_bytes: int
    encoding: str | None
    delimiter: str | None
    rows: int
    valid: int
    duplicates: int
    invalid: int
    empty: int
    checked_rows: Annotated[int, msgspec.Meta(description="Of a file under review.")]
    error_code: str | None
    error: str | None
    requested_at: datetime
    changed_at: datetime


class ImportPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of imports, newest first."""

    items: list[Import]
    next: NextCursor


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """Why a contact gets no mail, and since when."""

    contact_id: UUID
    email: Annotated[str | None, msgspec.Meta(description="Null of a person who was erased.")]
    reason: Annotated[
        str,
        msgspec.Meta(description="unsubscribed, hard_bounce, soft_bounces, complaint or manual"),
    ]
    detail: str
    campaign_id: UUID | None
    since: datetime
    source: Annotated[
        str, msgspec.Meta(description="bounce, complaint, import, api or unsubscribe_page")
    ]
    expires_at: Annotated[datetime | None, msgspec.Meta(description="Null: for ever.")]


class SuppressionPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of suppressions, newest first."""

    items: list[Suppression]
    next: NextCursor
