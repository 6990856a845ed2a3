"""What operators see of all workspaces, and what a workspace sees of them."""

from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from infra.postgres.workspace_overviews import WorkspaceOverviews
from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import FIRST_ID, LAST_ID
from schemas.http.operator import OperatedWorkspace, OperatedWorkspacePage, Viewing, ViewingPage

VIEWINGS = """
SELECT viewing_id, operator_id, reason, began_at, expires_at, ended_at FROM viewings
 WHERE workspace_id = %(workspace_id)s AND viewing_id < %(id)s
 ORDER BY viewing_id DESC LIMIT %(fetch)s
"""


@get(
    "/v1/operator/workspaces",
    sync_to_thread=True,
    opt={"operator": True},
    summary="All workspaces in numbers",
    tags=["operator"],
)
def get_operated_workspaces(
    overviews: NamedDependency[SkipValidation[WorkspaceOverviews]],
    page: NamedDependency[SkipValidation[Page]],
) -> OperatedWorkspacePage:
    """List companies and counts; nothing of a person is shown."""
    (after,) = page.start([FIRST_ID])
    found = overviews.after(UUID(str(after)), limit=page.fetch)
    items, following = page.finish(found, "workspace_id")
    shown = [OperatedWorkspace(**msgspec.structs.asdict(one)) for one in items]
    return OperatedWorkspacePage(items=shown, next=following)


@get(
    "/v1/workspace/viewings",
    sync_to_thread=True,
    opt={"permission": "audit:read"},
    summary="When operators looked into the workspace",
    tags=["workspace"],
)
def get_viewings(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
) -> ViewingPage:
    """List them with their reasons; what was looked at stands in the audit log."""
    (before,) = page.start([LAST_ID])
    found = reads.rows(Viewing, VIEWINGS, {"id": before, "fetch": page.fetch})
    items, following = page.finish(found, "viewing_id")
    return ViewingPage(items=items, next=following)
