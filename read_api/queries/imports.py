"""How far is each import, and which rows were refused, and why?"""

from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, SkipValidation
from litestar.response import Stream

from infra.files.rejected_rows import write_rejected
from infra.postgres.import_progress import PostgresImports
from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import LAST_ID
from schemas.http.contacts import Import, ImportPage

COLUMNS = """
SELECT import_id, status, mapping, size_bytes, encoding, delimiter, next_row AS rows, valid,
       duplicates, invalid, empty, checked_rows, error_code, error, requested_at, changed_at
  FROM imports WHERE workspace_id = %(workspace_id)s
"""
ONE = COLUMNS + " AND import_id = %(import_id)s"
LIST = COLUMNS + " AND import_id < %(id)s ORDER BY import_id DESC LIMIT %(fetch)s"


@get(
    "/v1/contacts/imports",
    sync_to_thread=True,
    opt={"permission": "contacts:read"},
    summary="List imports",
    tags=["contacts"],
)
def get_imports(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
) -> ImportPage:
    """List imports, newest first: their ids start with the time."""
    (last_id,) = page.start([LAST_ID])
    found = reads.rows(Import, LIST, {"id": last_id, "fetch": page.fetch})
    items, following = page.finish(found, "import_id")
    return ImportPage(items=items, next=following)


@get(
    "/v1/contacts/imports/{import_id:uuid}",
    sync_to_thread=True,
    opt={"permission": "contacts:read"},
    summary="How far an import is",
    tags=["contacts"],
)
def get_import(
    import_id: FromPath[UUID], reads: NamedDependency[SkipValidation[TenantReads]]
) -> Import:
    """Return the figures of the rows that have their verdict."""
    return reads.one(Import, ONE, {"import_id": import_id})


@get(
    "/v1/contacts/imports/{import_id:uuid}/rejected.csv",
    sync_to_thread=True,
    media_type="text/csv",
    opt={"permission": "contacts:read"},
    summary="The rows that were not imported",
    tags=["contacts"],
    responses={200: ResponseSpec(str, media_type="text/csv", generate_examples=False)},
)
def get_rejected(
    import_id: FromPath[UUID],
    reads: NamedDependency[SkipValidation[TenantReads]],
    imports: NamedDependency[SkipValidation[PostgresImports]],
) -> Stream:
    """Stream the rejected rows with row, line, code and reason, to repair and bring back."""
    reads.one(Import, ONE, {"import_id": import_id})
    header = imports.header(reads.workspace_id, import_id)
    rows = imports.rejected(reads.workspace_id, import_id)
    return Stream(
        write_rejected(rows, header=header),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="rejected-{import_id}.csv"'},
    )
