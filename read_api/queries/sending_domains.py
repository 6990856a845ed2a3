"""Which domains may a workspace send from, and what is published for each?"""

from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import LAST_ID
from schemas.http.sending_domains import SendingDomain, SendingDomainPage

COLUMNS = """
SELECT domain_id, domain, state, resting, added_at, verified_at, broken_at, checked_at, records,
       CASE WHEN NOT resting THEN next_check_at END AS next_check_at
  FROM sending_domains WHERE workspace_id = %(workspace_id)s AND state <> 'removed'
"""
ONE = COLUMNS + " AND domain_id = %(domain_id)s"
LIST = COLUMNS + " AND domain_id < %(id)s ORDER BY domain_id DESC LIMIT %(fetch)s"


@get(
    "/v1/sending-domains",
    sync_to_thread=True,
    opt={"permission": "delivery:read"},
    summary="List sending domains",
    tags=["sending domains"],
)
def get_sending_domains(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
) -> SendingDomainPage:
    """List them with their records."""
    (last_id,) = page.start([LAST_ID])
    found = reads.rows(SendingDomain, LIST, {"id": last_id, "fetch": page.fetch})
    items, following = page.finish(found, "domain_id")
    return SendingDomainPage(items=items, next=following)


@get(
    "/v1/sending-domains/{domain_id:uuid}",
    sync_to_thread=True,
    opt={"permission": "delivery:read"},
    summary="One sending domain",
    tags=["sending domains"],
)
def get_sending_domain(
    domain_id: FromPath[UUID], reads: NamedDependency[SkipValidation[TenantReads]]
) -> SendingDomain:
    """Return each record as it has to be and as it was found, and when we look again."""
    return reads.one(SendingDomain, ONE, {"domain_id": domain_id})
