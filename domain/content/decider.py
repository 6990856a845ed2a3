"""The life of a template."""

from typing import assert_never

import msgspec

from domain.content.events import (
    ContentEvent,
    TemplateAdded,
    TemplateDeleted,
    TemplatePurged,
    TemplateRestored,
    TemplateRevised,
)
from domain.shared.errors import (
    IllegalTransitionError,
    InvalidInputError,
    NotFoundError,
)
from domain.shared.model import StreamModel
from domain.shared.versions import require_version

Content = TemplateAdded | TemplateRevised
"""What a template holds: both facts name the whole of it."""


class Template(msgspec.Struct, frozen=True):
    """The content as it is now; None means there is none. `deleted` is in the trash.

    `version` counts the saved contents.
    """

    content: Content | None = None
    version: int = 0
    deleted: bool = False
    purged: bool = False


def content_of(template: Template) -> Content:
    """Return what a campaign would send. Raises NotFoundError, and IllegalTransitionError."""
    if template.content is None or template.purged:
        raise NotFoundError("there is no such template in this workspace; add it first")
    if template.deleted:
        raise IllegalTransitionError(
            "the template is in the trash: restore it first, or choose another one"
        )
    return template.content


def add(template: Template, *, added: TemplateAdded) -> list[ContentEvent]:
    """Store a cleaned template. Raises InvalidInputError for an empty name or subject."""
    if template.content is not None:
        raise IllegalTransitionError("a template with this id exists already; use a new id")
    _require_names(added)
    return [added]


def revise(
    template: Template, *, revised: TemplateRevised, expected: int | None
) -> list[ContentEvent]:
    """Save another content over version `expected`, or over whatever there is (None).

    Says nothing when it is the content that is there. Raises NotFoundError, StaleVersionError,
    IllegalTransitionError for one in the trash and InvalidInputError for an empty name or subject.
    """
    content = content_of(template)
    require_version("template", template.version, expected)
    _require_names(revised)
    if _saved(content) == _saved(revised) and revised.restored_from is None:
        return []
    return [msgspec.structs.replace(revised, version=template.version + 1)]


def _require_names(content: Content) -> None:
    for field, value in (("name", content.name), ("subject", content.subject)):
        if not value.strip():
            raise InvalidInputError(f"a template needs a {field}: pass a non-empty `{field}`")


def _saved(content: Content) -> tuple[object, ...]:
    """Return what an author chose."""
    return (
        content.name,
        content.sha256,
        content.own_text,
        content.defaults,
        content.keep_foreign_tags,
    )


def evolve(template: Template, event: ContentEvent) -> Template:
    """Fold one fact of a template."""
    match event:
        case TemplateAdded():
            return Template(content=event, version=1)
        case TemplateRevised():
            return msgspec.structs.replace(template, content=event, version=event.version)
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
