"""Which templates are there, and what is in them?"""

from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import LAST_POSITION, Search, shown
from schemas.http.content import Template, TemplatePage, TemplateSummary

SUMMARY = """
SELECT t.template_id, t.version, v.name, v.subject, v.preheader, v.sha256, v.warnings,
       (SELECT count(*) FROM campaigns c
         WHERE c.workspace_id = t.workspace_id AND c.template_id = t.template_id
           AND c.deleted_at IS NULL) AS used_in,
       t.added_at, t.updated_at, t.deleted_at"""
NEWEST = """
  FROM templates t
  JOIN template_versions v
    ON v.workspace_id = t.workspace_id AND v.template_id = t.template_id AND v.version = t.version
 WHERE t.workspace_id = %(workspace_id)s"""
LIST = (
    SUMMARY
    + ", t.position"
    + NEWEST
    + """
   AND t.deleted_at IS NULL AND t.position < %(position)s
   AND (%(q)s::text IS NULL OR strpos(lower(v.name || chr(10) || v.subject), lower(%(q)s)) > 0)
 ORDER BY t.position DESC LIMIT %(fetch)s
"""
)
ONE = (
    SUMMARY
    + ", v.html, v.text, v.own_text, v.defaults, v.keep_foreign_tags"
    + NEWEST
    + " AND t.template_id = %(template_id)s"
)


class _Row(TemplateSummary, frozen=True, kw_only=True):
    position: int


@get(
    "/v1/templates",
    sync_to_thread=True,
    opt={"permission": "templates:read", "reads": ("template_list", "campaign_list")},
    summary="List templates",
    tags=["templates"],
)
def get_templates(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
    q: Search = None,
) -> TemplatePage:
    """List templates, newest first, without their bodies; `q` is in the name or the subject."""
    (position,) = page.start([LAST_POSITION])
    found = reads.rows(_Row, LIST, {"position": position, "q": q, "fetch": page.fetch})
    items, following = page.finish(found, "position")
    return TemplatePage(items=[shown(item, TemplateSummary) for item in items], next=following)


@get(
    "/v1/templates/{template_id:uuid}",
    sync_to_thread=True,
    opt={"permission": "templates:read", "reads": ("template_list", "campaign_list")},
    summary="One template",
    tags=["templates"],
)
def get_template(
    template_id: FromPath[UUID], reads: NamedDependency[SkipValidation[TenantReads]]
) -> Response[Template]:
    """Return the newest content; `ETag` is its version, for `If-Match` of the next save."""
    found = reads.one(Template, ONE, {"template_id": template_id})
    return Response(found, headers={"etag": f'"{found.version}"'})
