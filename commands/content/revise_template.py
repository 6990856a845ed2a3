"""Save a template anew, over the version that the author saw."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from commands.content.writing import Writing, carrying, kept
from commands.ports import EventLog, Sanitizer
from domain.content import decider
from domain.content.decider import TEMPLATE, Template
from domain.content.events import ContentEvent, TemplateRevised
from domain.content.versions import VERSIONS, version_of
from domain.shared.context import Context


class ReviseTemplate(Writing, frozen=True, kw_only=True):
    """Save this content; `expected` is the version it was made from, None for whatever is there."""

    template_id: UUID
    expected: int | None


class RestoreVersion(msgspec.Struct, frozen=True, kw_only=True):
    """Take an old version again, as a new one."""

    template_id: UUID
    version: int


class RevisedTemplate(msgspec.Struct, frozen=True):
    """Where the log is, which version it is now, and what the author should know."""

    position: int
    version: int
    warnings: Sequence[str]


def revise_template(
    command: ReviseTemplate, context: Context, log: EventLog, sanitizer: Sanitizer
) -> RevisedTemplate:
    """Clean, make the text part, record; the same content again is no new version.

    Raises StaleVersionError when somebody else saved meanwhile, and the errors of `kept`.
    """
    decider.content_of(log.state(TEMPLATE, command.template_id, context))
    content = kept(command, sanitizer)
    revised = carrying(TemplateRevised, content, template_id=command.template_id, version=0)
    return _revised(revised, context, log, expected=command.expected)


def restore_version(command: RestoreVersion, context: Context, log: EventLog) -> RevisedTemplate:
    """Save what a version held as the newest one. Raises NotFoundError."""
    versions = log.state(VERSIONS, command.template_id, context)
    revised = carrying(
        TemplateRevised,
        version_of(versions, command.version),
        template_id=command.template_id,
        version=0,
        restored_from=command.version,
    )
    return _revised(revised, context, log, expected=None)


def _revised(
    revised: TemplateRevised, context: Context, log: EventLog, *, expected: int | None
) -> RevisedTemplate:
    version = 0 if expected is None else expected + 1  # also when this command was here before

    def decision(template: Template) -> list[ContentEvent]:
        nonlocal version
        events = decider.revise(template, revised=revised, expected=expected)
        version = template.version + len(events)
        return events

    position = log.decide(TEMPLATE, revised.template_id, decision, context)
    return RevisedTemplate(position, version, revised.warnings)
