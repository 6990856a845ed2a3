"""Which API keys are there, what may each do, and when was it used?"""

from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import LAST_ID
from schemas.http.developer import ApiKey, ApiKeyPage

COLUMNS = """
SELECT token_id AS key_id, name, prefix, scopes, test, networks::text[] AS networks, issued_by,
       issued_at, expires_at, last_used_at, revoked,
       CASE WHEN previous_ends_at > now() THEN previous_ends_at END AS old_secret_ends_at
  FROM api_tokens WHERE workspace_id = %(workspace_id)s
"""
ONE = COLUMNS + " AND token_id = %(key_id)s"
LIST = COLUMNS + " AND token_id < %(id)s ORDER BY token_id DESC LIMIT %(fetch)s"


@get(
    "/v1/api-keys",
    sync_to_thread=True,
    opt={"permission": "keys:manage"},
    summary="List API keys",
    tags=["api keys"],
)
def get_api_keys(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
) -> ApiKeyPage:
    """List them, revoked and expired ones too."""
    (last_id,) = page.start([LAST_ID])
    found = reads.rows(ApiKey, LIST, {"id": last_id, "fetch": page.fetch})
    items, following = page.finish(found, "key_id")
    return ApiKeyPage(items=items, next=following)


@get(
    "/v1/api-keys/{key_id:uuid}",
    sync_to_thread=True,
    opt={"permission": "keys:manage"},
    summary="One API key",
    tags=["api keys"],
)
def get_api_key(
    key_id: FromPath[UUID], reads: NamedDependency[SkipValidation[TenantReads]]
) -> ApiKey:
    """Return what the key may do and when it was used."""
    return reads.one(ApiKey, ONE, {"key_id": key_id})
