"""Write routes of templates."""

from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from commands.content.add_template import AddTemplate, add_template
from commands.ports import EventLog, Sanitizer
from domain.shared.context import Context
from schemas.http.accepted import AcceptedTemplate
from schemas.http.content import NewTemplate

TEMPLATE_LIMIT_BYTES = 4 * 1024 * 1024  # 512 KiB of HTML, with every character escaped in JSON


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
    added = add_template(
        AddTemplate(
            template_id=new_id,
            name=data.name,
            subject=data.subject,
            html=data.html,
            defaults=data.defaults,
            keep_foreign_tags=data.keep_foreign_tags,
        ),
        context,
        log,
        sanitizer,
    )
    return AcceptedTemplate(id=new_id, position=added.position, warnings=list(added.warnings))
