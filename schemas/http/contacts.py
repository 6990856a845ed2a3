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
    """A page of contacts."""

    items: list[Contact]
    next: NextCursor


class ContactDetail(Contact, frozen=True, kw_only=True):
    """One person with the newest messages, newest first, at most 200."""

    messages: list[Message]


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """How far an import is: the figures of rows that have a verdict."""

    import_id: UUID
    status: Annotated[str, msgspec.Meta(description="running, completed or failed")]
    mapping: dict[str, str]
    size_bytes: int
    encoding: str | None
    delimiter: str | None
    rows: int
    valid: int
    duplicates: int
    invalid: int
    empty: int
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
