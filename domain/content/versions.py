"""All contents that a template ever had, folded from the same stream as its life."""

from typing import assert_never

from domain.content.decider import Content
from domain.content.events import (
    ContentEvent,
    TemplateAdded,
    TemplateDeleted,
    TemplatePurged,
    TemplateRestored,
    TemplateRevised,
)
from domain.shared.errors import NotFoundError
from domain.shared.model import StreamModel

Versions = tuple[Content, ...]
"""Version n is at n - 1."""


def version_of(versions: Versions, number: int) -> Content:
    """Return one content. Raises NotFoundError, which says how many there are."""
    if not 1 <= number <= len(versions):
        raise NotFoundError(f"there is no version {number} of this template: see its versions")
    return versions[number - 1]


def evolve(versions: Versions, event: ContentEvent) -> Versions:
    """Fold one fact of a template."""
    match event:
        case TemplateAdded() | TemplateRevised():
            return (*versions, event)
        case TemplateDeleted() | TemplateRestored() | TemplatePurged():
            return versions
        case _:
            assert_never(event)


VERSIONS: StreamModel[Versions, ContentEvent] = StreamModel(
    name="template", initial=(), evolve=evolve
)
