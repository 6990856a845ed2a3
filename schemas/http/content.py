"""Templates as the API takes and shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.fields import Html, Line, NextCursor, Request

Default = Annotated[str, msgspec.Meta(max_length=1000)]


class NewTemplate(Request, frozen=True, kw_only=True):
    """A template to clean and keep; `defaults` are for merge tags that a contact may lack.

    With `keep_foreign_tags` the tags of another system are sent as they stand.
    """

    name: Line
    subject: Line
    html: Html
    defaults: Annotated[dict[Line, Default], msgspec.Meta(max_length=200)] = {}
    keep_foreign_tags: bool = False


class TemplateSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A template without its bodies."""

    template_id: UUID
    name: str
    subject: str
    sha256: str
    warnings: list[str]
    added_at: datetime
    deleted_at: Annotated[datetime | None, msgspec.Meta(description="In the trash since then.")]


class Template(TemplateSummary, frozen=True, kw_only=True):
    """A template with the cleaned HTML and the text made from it."""

    html: str
    text: str
    defaults: dict[str, str]


class TemplatePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of templates, newest first."""

    items: list[TemplateSummary]
    next: NextCursor
