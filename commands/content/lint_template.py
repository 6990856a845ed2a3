"""What should an author look at? Of a template that is saved, or of what is in the editor."""

import re
from collections.abc import Sequence
from uuid import UUID

from commands.content.writing import Writing
from commands.ports import Audience, EventLog, Sanitizer
from domain.content.decider import TEMPLATE, content_of
from domain.content.errors import MergeTagSyntaxError, TemplateRefusedError
from domain.content.lint import Finding, Linted, Severity, lint
from domain.content.plain_text import from_html
from domain.content.preheader import with_preheader
from domain.content.tag_names import custom_names
from domain.shared.context import Context

_LINE = re.compile(r"line ([0-9]+)[:,]")


def lint_template(
    template_id: UUID, context: Context, log: EventLog, audience: Audience, sanitizer: Sanitizer
) -> list[Finding]:
    """Look at a saved template, whose lines are those of the cleaned HTML. Raises NotFoundError."""
    content = content_of(log.state(TEMPLATE, template_id, context))
    writing = Writing(
        name=content.name,
        subject=content.subject,
        html=content.html,
        preheader=content.preheader,
        text=content.text if content.own_text else "",
        defaults=content.defaults,
        keep_foreign_tags=content.keep_foreign_tags,
    )
    return lint_writing(writing, context, audience, sanitizer)


def lint_writing(
    writing: Writing, context: Context, audience: Audience, sanitizer: Sanitizer
) -> list[Finding]:
    """Look at what an author wrote, before it is cleaned and saved."""
    try:
        clean = sanitizer.clean(writing.html)
    except TemplateRefusedError as error:
        return [_refused(error)]
    linted = Linted(
        subject=writing.subject,
        preheader=writing.preheader,
        html=writing.html,
        text=writing.text,
        defaults=writing.defaults,
        fields=_known(writing, context, audience),
        keep_foreign_tags=writing.keep_foreign_tags,
        sent_bytes=len(with_preheader(clean.html, writing.preheader).encode()),
        generated_text=from_html(clean.html),
    )
    found = lint(linted)
    at = sum(one.severity is Severity.ERROR for one in found)
    return [*found[:at], *_removed(clean.warnings), *found[at:]]


def _known(writing: Writing, context: Context, audience: Audience) -> frozenset[str]:
    try:
        custom = custom_names(writing)
    except MergeTagSyntaxError:
        return frozenset()  # said by the lint
    return audience.known_fields(context.workspace_id, custom) if custom else frozenset()


def _removed(warnings: Sequence[str]) -> list[Finding]:
    return [
        Finding(
            severity=Severity.WARNING,
            code="removed",
            part="html",
            message=warning,
            fix="take it out, or write it in a way that mail programs show: it is not sent",
            line=_line(warning),
        )
        for warning in warnings
    ]


def _refused(error: TemplateRefusedError) -> Finding:
    return Finding(
        severity=Severity.ERROR,
        code=error.code,
        part="html",
        message=str(error),
        fix="repair the HTML there: it cannot be saved",
        line=_line(str(error)),
    )


def _line(sentence: str) -> int | None:
    found = _LINE.match(sentence)
    return int(found[1]) if found else None
