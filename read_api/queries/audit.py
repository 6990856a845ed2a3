"""Who did what, and when?"""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import LAST_POSITION
from schemas.http.audit import AuditLine, AuditPage

LIST = """
SELECT position, recorded_at, actor, tag, events, object_id, command_id, correlation_id, ip
  FROM audit_log WHERE workspace_id = %(workspace_id)s AND position < %(position)s
 ORDER BY position DESC LIMIT %(fetch)s
"""


@get(
    "/v1/audit",
    sync_to_thread=True,
    opt={"permission": "audit:read", "reads": ("audit",)},
    summary="The audit log",
    tags=["audit"],
)
def get_audit(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
) -> AuditPage:
    """List one line a command and kind of fact, newest first."""
    (position,) = page.start([LAST_POSITION])
    found = reads.rows(AuditLine, LIST, {"position": position, "fetch": page.fetch})
    items, following = page.finish(found, "position")
    return AuditPage(items=items, next=following)
