"""The trash as the API shows it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.fields import NextCursor


class Trashed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was deleted and can be restored until `purge_at`."""

    kind: Annotated[str, msgspec.Meta(description="contact, template or campaign")]
    thing_id: UUID
    name: Annotated[str | None, msgspec.Meta(description="Of a template or campaign.")]
    deleted_at: datetime
    deleted_by: Annotated[str, msgspec.Meta(description="token:<id>, user:<id>, worker:<name>")]
    purge_at: datetime


class TrashPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the trash."""

    items: list[Trashed]
    next: NextCursor
