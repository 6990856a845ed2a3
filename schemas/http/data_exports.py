"""Exports of people's data as the API shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.fields import NextCursor


class DataExport(msgspec.Struct, frozen=True, kw_only=True):
    """One export, and how far it is: `records` of `total` are written."""

    export_id: UUID
    scope: Annotated[str, msgspec.Meta(description="contact or workspace")]
    contact_id: UUID | None
    state: Annotated[
        str, msgspec.Meta(description="running, completed, failed, expired or deleted")
    ]
    requested_by: str
    requested_at: datetime
    records: int
    total: Annotated[int | None, msgspec.Meta(description="Null until it is known.")]
    size_bytes: int | None
    sha256: Annotated[str | None, msgspec.Meta(description="Of manifest.json.")]
    error: Annotated[str | None, msgspec.Meta(description="Why it waits.")]
    completed_at: datetime | None
    expires_at: datetime | None


class DataExportDetail(DataExport, frozen=True, kw_only=True):
    """The same, with a link that needs no token and is good for an hour."""

    download_url: str | None
    download_expires_at: datetime | None


class DataExportPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of exports, newest first."""

    items: list[DataExport]
    next: NextCursor
