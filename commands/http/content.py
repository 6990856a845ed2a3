"""Write routes of templates."""

from uuid import UUID

import msgspec
from litestar import post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.content.add_template import AddTemplate, add_template
from commands.content.duplicate_template import DuplicateTemplate, duplicate_template
from commands.content.revise_template import (
    RestoreVersion,
    ReviseTemplate,
    restore_version,
    revise_template,
)
from commands.content.revise_template import RevisedTemplate as Saved
from commands.http.if_match import IfMatch, expected_version
from commands.ports import EventLog, Sanitizer
from domain.shared.context import Context
from schemas.http.accepted import Accepted, AcceptedTemplate, RevisedTemplate
from schemas.http.content import Duplicate, NewTemplate

TEMPLATE_LIMIT_BYTES = 6 * 1024 * 1024  # HTML and text, with every character escaped in JSON


@post(
    "/v1/templates",
    status_code=202,
    sync_to_thread=True,
    request_max_body_size=TEMPLATE_LIMIT_BYTES,
    opt={"permission": "templates:write"},
    summary="Add a template",
    tags=["templates"],
)
def post_template(
    data: JSONBody[NewTemplate],
    context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    log: NamedDependency[SkipValidation[EventLog]],
    sanitizer: NamedDependency[SkipValidation[Sanitizer]],
) -> AcceptedTemplate:
    """Clean the HTML, make the text part, keep both."""
    command = AddTemplate(template_id=new_id, **msgspec.structs.asdict(data))
    added = add_template(command, context, log, sanitizer)
    return AcceptedTemplate(id=new_id, position=added.position, warnings=list(added.warnings))


@put(
    "/v1/templates/{template_id:uuid}",
    status_code=202,
    sync_to_thread=True,
    request_max_body_size=TEMPLATE_LIMIT_BYTES,
    opt={"permission": "templates:write"},
    summary="Save a template",
    tags=["templates"],
)
def put_template(
    template_id: FromPath[UUID],
    data: JSONBody[NewTemplate],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    sanitizer: NamedDependency[SkipValidation[Sanitizer]],
    if_match: IfMatch = None,
) -> RevisedTemplate:
    """Save the whole content as a new version; the same content again is none.

    Drafts use the newest version; what is scheduled keeps what it froze.
    """
    expected = expected_version(if_match)
    content = msgspec.structs.asdict(data)
    command = ReviseTemplate(template_id=template_id, expected=expected, **content)
    saved = revise_template(command, context, log, sanitizer)
    return _revised(template_id, saved)


@post(
    "/v1/templates/{template_id:uuid}/versions/{version:int}/restore",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "templates:write"},
    summary="Take an old version of a template again",
    tags=["templates"],
)
def post_restore_version(
    template_id: FromPath[UUID],
    version: FromPath[int],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
) -> RevisedTemplate:
    """Save what that version held as the newest one; nothing is lost by it."""
    saved = restore_version(RestoreVersion(template_id=template_id, version=version), context, log)
    return _revised(template_id, saved)


@post(
    "/v1/templates/{template_id:uuid}/duplicate",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "templates:write"},
    summary="Copy a template",
    tags=["templates"],
)
def post_duplicate(
    template_id: FromPath[UUID],
    data: JSONBody[Duplicate],
    context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    log: NamedDependency[SkipValidation[EventLog]],
) -> Accepted:
    """Add a template with the newest content of this one."""
    command = DuplicateTemplate(template_id=new_id, source_id=template_id, name=data.name or "")
    return Accepted(id=new_id, position=duplicate_template(command, context, log))


def _revised(template_id: UUID, saved: Saved) -> RevisedTemplate:
    return RevisedTemplate(
        id=template_id,
        position=saved.position,
        version=saved.version,
        warnings=list(saved.warnings),
    )
