"""The vocabulary of templates."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.shared.model import Event


class TemplateAdded(Event, frozen=True):
    """A template was cleaned and stored; `html` and `text` are what campaigns will use.

    `defaults` gives a value for merge tags that a contact may lack; `sha256` is the digest of
    subject, html and text, which is the identity of a snapshot.
    With `keep_foreign_tags` the template's `{{...}}` of another system are sent as they stand.
    `own_text` says that the author wrote the text part; else it was made from the HTML.
    """

    TAG: ClassVar[str] = "content.template_added.v1"
    template_id: UUID
    name: str
    subject: str
    html: str
    text: str
    sha256: str
    defaults: dict[str, str] = {}
    warnings: list[str] = []
    keep_foreign_tags: bool = False
    preheader: str = ""
    own_text: bool = False


class TemplateRevised(Event, frozen=True):
    """The template was saved anew: the whole content as campaigns will use it from now on.

    Versions count from 1, which is the one it was added with; `restored_from` is the old version
    that was taken again. The other fields are those of TemplateAdded.
    """

    TAG: ClassVar[str] = "content.template_revised.v1"
    template_id: UUID
    version: int
    name: str
    subject: str
    html: str
    text: str
    sha256: str
    defaults: dict[str, str] = {}
    warnings: list[str] = []
    keep_foreign_tags: bool = False
    preheader: str = ""
    own_text: bool = False
    restored_from: int | None = None


class TemplateDeleted(Event, frozen=True):
    """The template is in the trash, and of no use to new campaigns; purged after the date."""

    TAG: ClassVar[str] = "content.template_deleted.v1"
    template_id: UUID
    restorable_until: datetime


class TemplateRestored(Event, frozen=True):
    """The template came back from the trash as it was."""

    TAG: ClassVar[str] = "content.template_restored.v1"
    template_id: UUID


class TemplatePurged(Event, frozen=True):
    """The time in the trash is over: it is shown no more, and there is no way back."""

    TAG: ClassVar[str] = "content.template_purged.v1"
    template_id: UUID


ContentEvent = TemplateAdded | TemplateRevised | TemplateDeleted | TemplateRestored | TemplatePurged
EVENTS: tuple[type[Event], ...] = (
    TemplateAdded,
    TemplateRevised,
    TemplateDeleted,
    TemplateRestored,
    TemplatePurged,
)
