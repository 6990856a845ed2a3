"""Into the trash, back, or gone for good: the decisions about one template."""

from datetime import datetime
from uuid import UUID

from domain.content.decider import Template
from domain.content.events import (
    ContentEvent,
    TemplateDeleted,
    TemplatePurged,
    TemplateRestored,
)
from domain.shared.errors import GoneError, NotFoundError


def delete(template: Template, *, template_id: UUID, until: datetime) -> list[ContentEvent]:
    """Put the template into the trash; what campaigns froze of it stays.

    Says nothing when it is there. Raises NotFoundError and GoneError.
    """
    _require(template)
    if template.deleted:
        return []
    return [TemplateDeleted(template_id=template_id, restorable_until=until)]


def restore(template: Template, *, template_id: UUID) -> list[ContentEvent]:
    """Take it back; says nothing when it is not in the trash. Raises NotFoundError, GoneError."""
    _require(template)
    return [TemplateRestored(template_id=template_id)] if template.deleted else []


def purge(template: Template, *, template_id: UUID) -> list[ContentEvent]:
    """Close the way back; says nothing when it is closed, or when somebody was faster."""
    if not template.deleted or template.purged:
        return []
    return [TemplatePurged(template_id=template_id)]


def _require(template: Template) -> None:
    if template.content is None:
        raise NotFoundError("there is no such template in this workspace")
    if template.purged:
        raise GoneError("the template was purged from the trash: there is no way back")
