"""Which workspace does this token belong to?"""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from read_api.edge.tenant_reads import TenantReads
from schemas.http.tenancy import Workspace

ONE = """
SELECT workspace_id, name, brand_name, sender_name, sender_address, postal_address, time_zone,
       created_at
  FROM workspaces WHERE workspace_id = %(workspace_id)s
"""


@get(
    "/v1/workspace",
    sync_to_thread=True,
    opt={"permission": "workspace:read", "reads": ("workspace_list",)},
    summary="The workspace of this token",
    tags=["workspace"],
)
def get_workspace(reads: NamedDependency[SkipValidation[TenantReads]]) -> Workspace:
    """Return who sends, and from which postal address."""
    return reads.one(Workspace, ONE, {})
