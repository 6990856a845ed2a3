"""What should an author look at? Routes that look at a template and record nothing."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.content.lint_template import lint_template, lint_writing
from commands.content.writing import Writing
from commands.http.content import TEMPLATE_LIMIT_BYTES
from commands.ports import Audience, EventLog, Sanitizer
from domain.content.lint import Finding as Found
from domain.shared.context import Context
from schemas.http.content import Finding, Findings, LintRequest


@post(
    "/v1/templates/{template_id:uuid}/lint",
    status_code=200,
    sync_to_thread=True,
    opt={"permission": "templates:read"},
    summary="What to look at in a template",
    tags=["templates"],
)
def post_template_lint(
    template_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    audience: NamedDependency[SkipValidation[Audience]],
    sanitizer: NamedDependency[SkipValidation[Sanitizer]],
) -> Findings:
    """Check the newest version: merge tags, links, pictures, size, text part."""
    return _shown(lint_template(template_id, context, log, audience, sanitizer))


@post(
    "/v1/templates/lint",
    status_code=200,
    sync_to_thread=True,
    request_max_body_size=TEMPLATE_LIMIT_BYTES,
    opt={"permission": "templates:read"},
    summary="What to look at in the editor",
    tags=["templates"],
)
def post_lint(
    data: JSONBody[LintRequest],
    context: NamedDependency[SkipValidation[Context]],
    audience: NamedDependency[SkipValidation[Audience]],
    sanitizer: NamedDependency[SkipValidation[Sanitizer]],
) -> Findings:
    """Check what is not saved, and tell what saving would take out, with lines."""
    writing = Writing(name="", **msgspec.structs.asdict(data))
    return _shown(lint_writing(writing, context, audience, sanitizer))


def _shown(found: Sequence[Found]) -> Findings:
    return Findings(
        items=[
            Finding(
                severity=one.severity,
                code=one.code,
                part=one.part,
                line=one.line,
                message=one.message,
                fix=one.fix,
            )
            for one in found
        ]
    )
