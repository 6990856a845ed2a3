"""Clean a template and store it."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from commands.content.writing import Writing, carrying, kept
from commands.ports import EventLog, Sanitizer
from domain.content import decider
from domain.content.decider import TEMPLATE
from domain.content.events import TemplateAdded
from domain.shared.context import Context


class AddTemplate(Writing, frozen=True, kw_only=True):
    """Keep a template."""

    template_id: UUID


class AddedTemplate(msgspec.Struct, frozen=True):
    """Where the log is, and what the author should know: what was removed, which tags are open."""

    position: int
    warnings: Sequence[str]


def add_template(
    command: AddTemplate, context: Context, log: EventLog, sanitizer: Sanitizer
) -> AddedTemplate:
    """Clean, make the text part, record. Raises the errors of `kept`."""
    added = carrying(TemplateAdded, kept(command, sanitizer), template_id=command.template_id)
    position = log.decide(
        TEMPLATE,
        command.template_id,
        lambda template: decider.add(template, added=added),
        context,
        fresh=True,
    )
    return AddedTemplate(position, added.warnings)
