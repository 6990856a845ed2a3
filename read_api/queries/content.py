"""Which templates are there, and what is in them?"""

from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import LAST_POSITION, shown
from schemas.http.content import Template, TemplatePage, TemplateSummary

LIST = """
SELECT template_id, name, subject, sha256, warnings, added_at, deleted_at, position FROM templates
 WHERE workspace_id = %(workspace_id)s AND deleted_at IS NULL AND position < %(position)s
 ORDER BY position DESC LIMIT %(fetch)s
"""
ONE = """
SELECT template_id, name, subject, sha256, warnings, added_at, deleted_at, html, text, defaults
  FROM templates
 WHERE workspace_id = %(workspace_id)s AND template_id = %(template_id)s
"""


class _Row(TemplateSummary, frozen=True, kw_only=True):
    position: int


@get(
    "/v1/templates",
    sync_to_thread=True,
    opt={"permission": "templates:read", "reads": ("template_list",)},
    summary="List templates",
    tags=["templates"],
)
def get_templates(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
) -> TemplatePage:
    """List templates, newest first, without their bodies."""
    (position,) = page.start([LAST_POSITION])
    found = reads.rows(_Row, LIST, {"position": position, "fetch": page.fetch})
    items, following = page.finish(found, "position")
    return TemplatePage(items=[shown(item, TemplateSummary) for item in items], next=following)


@get(
    "/v1/templates/{template_id:uuid}",
    sync_to_thread=True,
    opt={"permission": "templates:read", "reads": ("template_list",)},
    summary="One template",
    tags=["templates"],
)
def get_template(
    template_id: FromPath[UUID], reads: NamedDependency[SkipValidation[TenantReads]]
) -> Template:
    """Return the cleaned HTML, and the text that was made from it."""
    return reads.one(Template, ONE, {"template_id": template_id})
