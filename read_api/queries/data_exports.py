"""Which exports of data are there, how far is each, and where can it be downloaded?"""

from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from infra.clock import now
from infra.crypto.export_links import ExportLink, ExportLinks
from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.exports import LINK_LIFETIME
from read_api.queries.rows import LAST_ID
from schemas.http.data_exports import DataExport, DataExportDetail, DataExportPage

COLUMNS = """
SELECT export_id, kind AS scope, contact_id, state, requested_by, requested_at, events AS records,
       upto AS total, size_bytes, sha256, error, completed_at, expires_at
  FROM exports WHERE workspace_id = %(workspace_id)s AND kind <> 'log'
"""
ONE = COLUMNS + " AND export_id = %(export_id)s"
LIST = COLUMNS + " AND export_id < %(id)s ORDER BY export_id DESC LIMIT %(fetch)s"


@get(
    "/v1/privacy/exports",
    sync_to_thread=True,
    opt={"permission": "privacy:export"},
    summary="List exports of data",
    tags=["privacy"],
)
def get_data_exports(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
) -> DataExportPage:
    """List exports, newest first: their ids start with the time."""
    (last_id,) = page.start([LAST_ID])
    found = reads.rows(DataExport, LIST, {"id": last_id, "fetch": page.fetch})
    items, following = page.finish(found, "export_id")
    return DataExportPage(items=items, next=following)


@get(
    "/v1/privacy/exports/{data_export_id:uuid}",
    sync_to_thread=True,
    opt={"permission": "privacy:export"},
    summary="How far an export of data is, and its download link",
    tags=["privacy"],
)
def get_data_export(
    data_export_id: FromPath[UUID],
    reads: NamedDependency[SkipValidation[TenantReads]],
    export_links: NamedDependency[SkipValidation[ExportLinks]],
) -> DataExportDetail:
    """Return the export, with a link once it is completed."""
    found = reads.one(DataExport, ONE, {"export_id": data_export_id})
    link = None
    if found.expires_at and found.state == "completed":
        until = min(found.expires_at, now() + LINK_LIFETIME)
        link = ExportLink(reads.workspace_id, data_export_id, until)
    return DataExportDetail(
        **msgspec.structs.asdict(found),
        download_url=export_links.url(link) if link else None,
        download_expires_at=link.expires_at if link else None,
    )
