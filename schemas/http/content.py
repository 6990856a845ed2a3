"""Templates as the API takes and shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.fields import Html, Line, MaybeLine, NextCursor, Request

Default = Annotated[str, msgspec.Meta(max_length=1000)]
OwnText = Annotated[
    str,
    msgspec.Meta(
        max_length=256 * 1024,
        description="The text part, written by the author; empty: it is made from the HTML.",
    ),
]


class NewTemplate(Request, frozen=True, kw_only=True):
    """A template to clean and keep; `defaults` are for merge tags that a contact may lack.

    With `keep_foreign_tags` the tags of another system are sent as they stand.
    """

    name: Line
    subject: Line
    html: Html
    preheader: Annotated[
        MaybeLine, msgspec.Meta(description="What inboxes show behind the subject.")
    ] = ""
    text: OwnText = ""
    defaults: Annotated[dict[Line, Default], msgspec.Meta(max_length=200)] = {}
    keep_foreign_tags: bool = False


class Duplicate(Request, frozen=True, kw_only=True):
    """What the copy of a template is called; without a name "Copy of" the original."""

    name: Line | None = None


class TemplateSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A template without its bodies."""

    template_id: UUID
    version: Annotated[
        int, msgspec.Meta(description="Of saved contents; pass as `If-Match` to save another.")
    ]
    name: str
    subject: str
    preheader: str
    sha256: str
    warnings: list[str]
    used_in: Annotated[int, msgspec.Meta(description="Campaigns that name it, the trash aside.")]
    added_at: datetime
    updated_at: datetime
    deleted_at: Annotated[datetime | None, msgspec.Meta(description="In the trash since then.")]


class Template(TemplateSummary, frozen=True, kw_only=True):
    """A template with the cleaned HTML and the text part."""

    html: str
    text: str
    own_text: Annotated[bool, msgspec.Meta(description="False: made from the HTML.")]
    defaults: dict[str, str]
    keep_foreign_tags: bool


class TemplatePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of templates, newest first."""

    items: list[TemplateSummary]
    next: NextCursor


class VersionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A saved content without its bodies."""

    version: int
    name: str
    subject: str
    sha256: str
    saved_at: datetime
    saved_by: Annotated[str, msgspec.Meta(description="Who, as in the audit log: `user:...`.")]
    restored_from: Annotated[
        int | None, msgspec.Meta(description="The old version that was taken again.")
    ]


class Version(VersionSummary, frozen=True, kw_only=True):
    """A saved content."""

    preheader: str
    html: str
    text: str
    own_text: bool
    defaults: dict[str, str]
    warnings: list[str]
    keep_foreign_tags: bool


class VersionPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of versions, newest first."""

    items: list[VersionSummary]
    next: NextCursor


Values = Annotated[dict[Line, Default], msgspec.Meta(max_length=200)]


class PreviewRequest(Request, frozen=True, kw_only=True):
    """Whose mail to show: a contact's, or that of somebody made up; `values` go before either."""

    contact_id: UUID | None = None
    values: Values = {}


class SavedPreview(PreviewRequest, frozen=True, kw_only=True):
    """Show a saved template, as it is now or as a version."""

    version: Annotated[int, msgspec.Meta(ge=1)] | None = None


class WrittenPreview(PreviewRequest, frozen=True, kw_only=True):
    """Show what is in the editor; nothing is saved."""

    template: NewTemplate


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What one person would see; sizes in bytes."""

    subject: str
    preheader: str
    text: str
    html_bytes: int
    text_bytes: int
    warnings: list[str]
    url: Annotated[
        str,
        msgspec.Meta(
            description="Path of the HTML, for a sandboxed frame; good for whoever has it until "
            "`expires_at`. With `?images=true` remote pictures are loaded."
        ),
    ]
    expires_at: datetime


class LintRequest(Request, frozen=True, kw_only=True):
    """What is in the editor; a subject may be empty here, which is a finding."""

    subject: MaybeLine = ""
    html: Html
    preheader: MaybeLine = ""
    text: OwnText = ""
    defaults: Annotated[dict[Line, Default], msgspec.Meta(max_length=200)] = {}
    keep_foreign_tags: bool = False


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at."""

    severity: Annotated[
        str,
        msgspec.Meta(description="error: it cannot be sent so; warning: it harms; hint: advice."),
    ]
    code: str
    part: Annotated[str, msgspec.Meta(description="html, subject, preheader or text.")]
    line: int | None
    message: str
    fix: str


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What to look at, errors first; lines are those of what was sent in."""

    items: list[Finding]


class MergeTag(msgspec.Struct, frozen=True, kw_only=True):
    """A merge tag: what it becomes, an example, and how to write it."""

    name: str
    kind: Annotated[
        str, msgspec.Meta(description="contact, custom (a field of your contacts) or mail.")
    ]
    meaning: str
    example: str
    syntax: str


class MergeTags(msgspec.Struct, frozen=True, kw_only=True):
    """The tags that templates of this workspace can use, and the filters of all."""

    items: list[MergeTag]
    filters: list[str]
    fallback: Annotated[str, msgspec.Meta(description="How to write what contacts may lack.")]
