"""What did this contact agree to, and take back?"""

from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from infra.postgres.contact_directory import ContactDirectory
from read_api.edge.paging import Page
from read_api.edge.refusals import not_found
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import LAST_POSITION, shown
from schemas.http.consents import Consent, ConsentPage

HISTORY = """
SELECT * FROM (
    SELECT kind, source, text, campaign_id, NULL::uuid AS import_id, happened_at, recorded_at,
           actor, ip, position
      FROM consents WHERE workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s
    UNION ALL
    SELECT 'given', coalesce(nullif(i.consent_source, ''), 'import'),
           coalesce(i.consent_text, ''), NULL, c.import_id, coalesce(i.requested_at, c.added_at),
           c.added_at, coalesce(nullif(i.requested_by, ''), 'worker:importer'), NULL,
           c.added_position
      FROM contacts c LEFT JOIN imports i
        ON i.workspace_id = c.workspace_id AND i.import_id = c.import_id
     WHERE c.workspace_id = %(workspace_id)s AND c.contact_id = %(contact_id)s
) AS history
 WHERE position < %(position)s ORDER BY position DESC LIMIT %(fetch)s
"""


class _Row(Consent, frozen=True, kw_only=True):
    position: int


@get(
    "/v1/contacts/{contact_id:uuid}/consents",
    sync_to_thread=True,
    opt={"permission": "contacts:read", "reads": ("contact_list", "consent_history")},
    summary="The consent history of a contact",
    tags=["contacts"],
)
def get_consents(
    contact_id: FromPath[UUID],
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
    contacts: NamedDependency[SkipValidation[ContactDirectory]],
) -> ConsentPage:
    """List what was given, withdrawn and suppressed, newest first; it survives an erasure."""
    if not contacts.known(reads.workspace_id, contact_id):
        raise not_found()
    (position,) = page.start([LAST_POSITION])
    values = {"contact_id": contact_id, "position": position, "fetch": page.fetch}
    found = reads.rows(_Row, HISTORY, values)
    items, following = page.finish(found, "position")
    return ConsentPage(items=[shown(item, Consent) for item in items], next=following)
