"""The life of a template."""

from typing import assert_never

import msgspec

from domain.content.events import ContentEvent, TemplateAdded
from domain.shared.errors import IllegalTransitionError, InvalidInputError
from domain.shared.model import StreamModel


class Template(msgspec.Struct, frozen=True):
    """The content as it is now; None means there is none."""

    added: TemplateAdded | None = None


def add(template: Template, *, added: TemplateAdded) -> list[ContentEvent]:
    """Store a cleaned template. Raises InvalidInputError for an empty name or subject."""
    if template.added is not None:
        raise IllegalTransitionError("a template with this id exists already; use a new id")
    for field, value in (("name", added.name), ("subject", added.subject)):
        if not value.strip():
            raise InvalidInputError(f"a template needs a {field}: pass a non-empty `{field}`")
    return [added]


def evolve(template: Template, event: ContentEvent) -> Template:  # noqa: ARG001 the first state is empty
    """Fold one fact of a template."""
    match event:
        case TemplateAdded():
            return Template(added=event)
        case _:
            assert_never(event)


TEMPLATE: StreamModel[Template, ContentEvent] = StreamModel(
    name="template", initial=Template(), evolve=evolve
)
