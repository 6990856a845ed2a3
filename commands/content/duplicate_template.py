"""Begin a template from another one."""

from uuid import UUID

import msgspec

from commands.content.writing import carrying
from commands.ports import EventLog
from domain.content import decider
from domain.content.decider import TEMPLATE
from domain.content.events import TemplateAdded
from domain.shared.context import Context

MOST_CHARACTERS = 300


class DuplicateTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """Add a template with the content that another one has now; without `name` it is "Copy of"."""

    template_id: UUID
    source_id: UUID
    name: str = ""


def duplicate_template(command: DuplicateTemplate, context: Context, log: EventLog) -> int:
    """Record the copy; later changes of either do not touch the other. Raises NotFoundError."""
    source = decider.content_of(log.state(TEMPLATE, command.source_id, context))
    name = command.name or f"Copy of {source.name}"[:MOST_CHARACTERS]
    added = carrying(TemplateAdded, source, template_id=command.template_id, name=name)
    return log.decide(
        TEMPLATE,
        command.template_id,
        lambda template: decider.add(template, added=added),
        context,
        fresh=True,
    )
