"""The vocabulary of templates."""

from typing import ClassVar
from uuid import UUID

from domain.shared.model import Event


class TemplateAdded(Event, frozen=True):
    """A template was cleaned and stored; `html` and `text` are what campaigns will use.

    `defaults` gives a value for merge tags that a contact may lack; `sha256` is the digest of
    subject, html and text, which is the identity of a snapshot.
    With `keep_foreign_tags` the template's `{{...}}` of another system are sent as they stand.
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


ContentEvent = TemplateAdded
EVENTS: tuple[type[Event], ...] = (TemplateAdded,)
