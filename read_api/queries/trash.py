"""What is in the trash, and until when can it come back?"""

from collections.abc import Set as AbstractSet

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery, SkipValidation

from domain.privacy.trash import Kind
from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import FIRST_ID
from schemas.http.trash import Trashed, TrashPage

# The name is null while a read model is behind, and for people: their address is not for a list
# that everybody sees who may see templates.
LIST = """
SELECT t.kind, t.thing_id, coalesce(m.name, c.name) AS name, t.deleted_at, t.deleted_by, t.purge_at
  FROM trash t
  LEFT JOIN templates m ON t.kind = 'template' AND m.workspace_id = t.workspace_id
                       AND m.template_id = t.thing_id
  LEFT JOIN campaigns c ON t.kind = 'campaign' AND c.workspace_id = t.workspace_id
                       AND c.campaign_id = t.thing_id
 WHERE t.workspace_id = %(workspace_id)s AND t.kind = ANY(%(kinds)s)
   AND (t.kind, t.thing_id) > (%(kind)s, %(id)s)
 ORDER BY t.kind, t.thing_id LIMIT %(fetch)s
"""


@get(
    "/v1/trash",
    sync_to_thread=True,
    opt={"permission": "workspace:read"},
    summary="What is in the trash",
    tags=["trash"],
)
def get_trash(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
    permissions: NamedDependency[SkipValidation[AbstractSet[str]]],
    kind: FromQuery[Kind | None] = None,
) -> TrashPage:
    """List by kind and id what can be restored, of the kinds that the caller may read."""
    readable = [one for one in ([kind] if kind else Kind) if f"{one}s:read" in permissions]
    after_kind, after_id = page.start(["", FIRST_ID])
    found = reads.rows(
        Trashed, LIST, {"kinds": readable, "kind": after_kind, "id": after_id, "fetch": page.fetch}
    )
    items, following = page.finish(found, "kind", "thing_id")
    return TrashPage(items=items, next=following)
