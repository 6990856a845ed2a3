"""What did a template hold before?"""

from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from read_api.edge.paging import Page
from read_api.edge.refusals import not_found
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import LAST_POSITION
from schemas.http.content import Version, VersionPage, VersionSummary

LIST = """
SELECT version, name, subject, sha256, saved_at, saved_by, restored_from FROM template_versions
 WHERE workspace_id = %(workspace_id)s AND template_id = %(template_id)s
   AND version < %(version)s::bigint
 ORDER BY version DESC LIMIT %(fetch)s
"""
ONE = """
SELECT version, name, subject, sha256, saved_at, saved_by, restored_from, preheader, html, text,
       own_text, defaults, warnings, keep_foreign_tags
  FROM template_versions
 WHERE workspace_id = %(workspace_id)s AND template_id = %(template_id)s
   AND version = %(version)s::bigint
"""


@get(
    "/v1/templates/{template_id:uuid}/versions",
    sync_to_thread=True,
    opt={"permission": "templates:read", "reads": ("template_list",)},
    summary="What a template held before",
    tags=["templates"],
)
def get_template_versions(
    template_id: FromPath[UUID],
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
) -> VersionPage:
    """List every saved content, newest first, without the bodies."""
    (version,) = page.start([LAST_POSITION])
    values = {"template_id": template_id, "version": version, "fetch": page.fetch}
    found = reads.rows(VersionSummary, LIST, values)
    if not found and version == LAST_POSITION:
        raise not_found()
    items, following = page.finish(found, "version")
    return VersionPage(items=items, next=following)


@get(
    "/v1/templates/{template_id:uuid}/versions/{version:int}",
    sync_to_thread=True,
    opt={"permission": "templates:read", "reads": ("template_list",)},
    summary="One saved content of a template",
    tags=["templates"],
)
def get_template_version(
    template_id: FromPath[UUID],
    version: FromPath[int],
    reads: NamedDependency[SkipValidation[TenantReads]],
) -> Version:
    """Return the content that was saved as this version."""
    return reads.one(Version, ONE, {"template_id": template_id, "version": version})
