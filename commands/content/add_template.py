"""Take foreign HTML, make it safe, and keep it as a template."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

import msgspec

from commands.ports import EventLog, Sanitizer
from domain.content import decider, merge_tags, plain_text
from domain.content.decider import TEMPLATE
from domain.content.events import TemplateAdded
from domain.shared.context import Context


class AddTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """Keep this HTML as a template; `defaults` are for merge tags that a contact may lack.

    `keep_foreign_tags`: another system fills in the tags we do not know; send them as they stand.
    """

    template_id: UUID
    name: str
    subject: str
    html: str
    defaults: dict[str, str] = {}
    keep_foreign_tags: bool = False


class AddedTemplate(msgspec.Struct, frozen=True):
    """Where the log is, and what the author should know: what was removed, which tags are open."""

    position: int
    warnings: Sequence[str]


def add_template(
    command: AddTemplate, context: Context, log: EventLog, sanitizer: Sanitizer
) -> AddedTemplate:
    """Clean, make the text part, record. Unknown merge tags are warnings here, refusals at launch.

    Raises TemplateRefusedError for what cannot be made safe, MergeTagSyntaxError with line and
    column for a broken tag.
    """
    clean = sanitizer.clean(command.html)
    tags = merge_tags.find_tags(command.html)  # of the author's file, whose lines are named
    problems = merge_tags.check(tags, source=command.html, defaults=command.defaults)
    subject_tags = merge_tags.parse(command.subject)
    problems += merge_tags.check(
        [part for part in subject_tags if not isinstance(part, str)],
        source=command.subject,
        defaults=command.defaults,
    )
    text = plain_text.from_html(clean.html)
    added = TemplateAdded(
        template_id=command.template_id,
        name=command.name,
        subject=command.subject,
        html=clean.html,
        text=text,
        sha256=_digest(command.subject, clean.html, text),
        defaults=command.defaults,
        keep_foreign_tags=command.keep_foreign_tags,
        warnings=[
            *clean.warnings,
            *(problem.message for problem in problems),
            *merge_tags.unclosed(command.html),
            *merge_tags.unclosed(command.subject),
        ],
    )
    position = log.decide(
        TEMPLATE,
        command.template_id,
        lambda template: decider.add(template, added=added),
        context,
        fresh=True,
    )
    return AddedTemplate(position, added.warnings)


def _digest(*parts: str) -> str:
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
