"""Which exports of the log are there, how far is each, and where can it be downloaded?"""

from collections.abc import Set as AbstractSet
from datetime import timedelta
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from domain.privacy.names import OPEN_PERSONAL
from infra.clock import now
from infra.crypto.export_links import ExportLink, ExportLinks
from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import LAST_ID
from schemas.http.audit import Export, ExportDetail, ExportPage

LINK_LIFETIME = timedelta(hours=1)

COLUMNS = """
SELECT export_id, state, filter, open_personal, requested_by, requested_at, events, size_bytes,
       greatest(position - coalesce((filter->>'after')::bigint, 0), 0) AS counted,
       CASE WHEN upto IS NOT NULL
            THEN greatest(upto - coalesce((filter->>'after')::bigint, 0), 0) END AS total,
       sha256, error, completed_at, expires_at
  FROM exports WHERE workspace_id = %(workspace_id)s AND kind = 'log'
"""
ONE = COLUMNS + " AND export_id = %(export_id)s"
LIST = COLUMNS + " AND export_id < %(id)s ORDER BY export_id DESC LIMIT %(fetch)s"


@get(
    "/v1/audit/exports",
    sync_to_thread=True,
    opt={"permission": "audit:read"},
    summary="List exports of the log",
    tags=["audit"],
)
def get_exports(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
) -> ExportPage:
    """List exports, newest first: their ids start with the time."""
    (last_id,) = page.start([LAST_ID])
    found = reads.rows(Export, LIST, {"id": last_id, "fetch": page.fetch})
    items, following = page.finish(found, "export_id")
    return ExportPage(items=items, next=following)


@get(
    "/v1/audit/exports/{export_id:uuid}",
    sync_to_thread=True,
    opt={"permission": "audit:export"},
    summary="How far an export is, and its download link",
    tags=["audit"],
)
def get_export(
    export_id: FromPath[UUID],
    reads: NamedDependency[SkipValidation[TenantReads]],
    export_links: NamedDependency[SkipValidation[ExportLinks]],
    permissions: NamedDependency[SkipValidation[AbstractSet[str]]],
) -> ExportDetail:
    """Return the export; the link of an opened one only to a token that may open."""
    found = reads.one(Export, ONE, {"export_id": export_id})
    link = None
    if (
        found.expires_at
        and found.state == "completed"
        and (OPEN_PERSONAL in permissions or not found.open_personal)
    ):
        until = min(found.expires_at, now() + LINK_LIFETIME)
        link = ExportLink(reads.workspace_id, export_id, until)
    return ExportDetail(
        **msgspec.structs.asdict(found),
        download_url=export_links.url(link) if link else None,
        download_expires_at=link.expires_at if link else None,
    )
