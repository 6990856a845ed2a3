"""The life of a template."""

from typing import assert_never

import msgspec

from domain.content.events import (
    ContentEvent,
    TemplateAdded,
    TemplateDeleted,
    TemplatePurged,
    TemplateRestored,
)
from domain.shared.errors import IllegalTransitionError, InvalidInputError, NotFoundError
from domain.shared.model import StreamModel


class Template(msgspec.Struct, frozen=True):
    """The content as it is now; None means there is none. `deleted` is in the trash."""

    added: TemplateAdded | None = None
    deleted: bool = False
    purged: bool = False


def content_of(template: Template) -> TemplateAdded:
    """Return what a campaign would send. Raises NotFoundError, and IllegalTransitionError."""
    if template.added is None or template.purged:
        raise NotFoundError("there is no such template in this workspace; add it first")
    if template.deleted:
        raise IllegalTransitionError(
            "the template is in the trash: restore it first, or choose another one"
        )
    return template.added


def add(template: Template, *, added: TemplateAdded) -> list[ContentEvent]:
    """Store a cleaned template. Raises InvalidInputError for an empty name or subject."""
    if template.added is not None:
        raise IllegalTransitionError("a template with this id exists already; use a new id")
    for field, value in (("name", added.name), ("subject", added.subject)):
        if not value.strip():
            raise InvalidInputError(f"a template needs a {field}: pass a non-empty `{field}`")
    return [added]


def evolve(template: Template, event: ContentEvent) -> Template:
    """Fold one fact of a template."""
    match event:
        case TemplateAdded():
            return Template(added=event)
        case TemplateDeleted():
            return msgspec.structs.replace(template, deleted=True)
        case TemplateRestored():
            return msgspec.structs.replace(template, deleted=False)
        case TemplatePurged():
            return msgspec.structs.replace(template, purged=True)
        case _:
            assert_never(event)


TEMPLATE: StreamModel[Template, ContentEvent] = StreamModel(
    name="template", initial=Template(), evolve=evolve
)
