"""How many people would get this campaign, and why would others not?"""

from uuid import UUID

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from read_api.edge.tenant_reads import TenantReads
from read_api.queries.delivery import CAMPAIGN_EXISTS
from schemas.http.campaigns import AudienceEstimate, Excluded

# Of the working tables that a launch asks. Who is on the list for several reasons counts once, a
# person's own wish first.
EXCLUDED = """
SELECT why AS reason, count(*) AS contacts FROM (
    SELECT DISTINCT ON (d.contact_id)
           CASE WHEN d.reason = 'suppressed' AND d.cause <> '' THEN d.cause ELSE d.reason END AS why
      FROM do_not_mail d
      JOIN contact_addresses a
        ON a.workspace_id = d.workspace_id AND a.contact_id = d.contact_id AND NOT a.is_listed
     WHERE d.workspace_id = %(workspace_id)s
       AND (d.expires_at IS NULL OR d.expires_at > clock_timestamp())
     ORDER BY d.contact_id, d.reason = 'unsubscribed' DESC, d.reason, d.cause) AS one
 GROUP BY why ORDER BY why
"""
CONTACTS = """
SELECT count(*) AS contacts FROM contact_addresses
 WHERE workspace_id = %(workspace_id)s AND NOT is_listed
"""


class _Count(msgspec.Struct, frozen=True):
    contacts: int


def estimate(reads: TenantReads) -> AudienceEstimate:
    """Count who would get a campaign that was launched now."""
    everybody = reads.one(_Count, CONTACTS, {}).contacts
    excluded = reads.rows(Excluded, EXCLUDED, {})
    out = sum(one.contacts for one in excluded)
    return AudienceEstimate(contacts=everybody, will_receive=everybody - out, excluded=excluded)


@post(
    "/v1/campaigns/{campaign_id:uuid}/audience/estimate",
    status_code=200,
    sync_to_thread=True,
    opt={"permission": "campaigns:read", "reads": ("campaign_list",)},
    summary="Who would get a campaign now",
    tags=["campaigns"],
)
def post_audience_estimate(
    campaign_id: FromPath[UUID], reads: NamedDependency[SkipValidation[TenantReads]]
) -> AudienceEstimate:
    """Count all contacts of the workspace less those who must not be mailed, and say why."""
    reads.one(dict, CAMPAIGN_EXISTS, {"campaign_id": campaign_id})
    return estimate(reads)
