"""Which campaigns are there, where is each in its life, and what came of it?"""

from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import LAST_POSITION, shown
from schemas.http.campaigns import Campaign, CampaignPage, CampaignStats

COLUMNS = """
SELECT campaign_id, name, template_id, status, snapshot, sandbox, audience, send_at,
       drafted_at, launched_at, ended_at, deleted_at, position
  FROM campaigns WHERE workspace_id = %(workspace_id)s
"""
LIST = (
    COLUMNS
    + " AND deleted_at IS NULL AND position < %(position)s ORDER BY position DESC LIMIT %(fetch)s"
)
ONE = COLUMNS + " AND campaign_id = %(campaign_id)s"
STATS = """
SELECT c.campaign_id, coalesce(s.queued, 0) AS queued, coalesce(s.sent, 0) AS sent,
       coalesce(s.deferred, 0) AS deferred, coalesce(s.bounced, 0) AS bounced,
       coalesce(s.failed, 0) AS failed, coalesce(s.uncertain, 0) AS uncertain,
       coalesce(s.skipped, 0) AS skipped, coalesce(s.opens, 0) AS opens,
       coalesce(s.opened, 0) AS opened, coalesce(s.clicks, 0) AS clicks,
       coalesce(s.clicked, 0) AS clicked, coalesce(s.unsubscribed, 0) AS unsubscribed,
       coalesce(s.redriven, 0) AS redriven, coalesce(s.resolved, 0) AS resolved,
       coalesce(s.delivered, 0) AS delivered,
       coalesce(s.bounced_later, 0) AS bounced_later,
       coalesce(s.complained, 0) AS complained
  FROM campaigns c
  LEFT JOIN campaign_stats s
    ON s.workspace_id = c.workspace_id AND s.campaign_id = c.campaign_id
 WHERE c.workspace_id = %(workspace_id)s AND c.campaign_id = %(campaign_id)s
"""


class _Row(Campaign, frozen=True, kw_only=True):
    position: int


@get(
    "/v1/campaigns",
    sync_to_thread=True,
    opt={"permission": "campaigns:read", "reads": ("campaign_list",)},
    summary="List campaigns",
    tags=["campaigns"],
)
def get_campaigns(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
) -> CampaignPage:
    """List campaigns, newest first."""
    (position,) = page.start([LAST_POSITION])
    found = reads.rows(_Row, LIST, {"position": position, "fetch": page.fetch})
    items, following = page.finish(found, "position")
    return CampaignPage(items=[shown(item, Campaign) for item in items], next=following)


@get(
    "/v1/campaigns/{campaign_id:uuid}",
    sync_to_thread=True,
    opt={"permission": "campaigns:read", "reads": ("campaign_list",)},
    summary="One campaign",
    tags=["campaigns"],
)
def get_campaign(
    campaign_id: FromPath[UUID], reads: NamedDependency[SkipValidation[TenantReads]]
) -> Campaign:
    """Return where the campaign is in its life."""
    return shown(reads.one(_Row, ONE, {"campaign_id": campaign_id}), Campaign)


@get(
    "/v1/campaigns/{campaign_id:uuid}/stats",
    sync_to_thread=True,
    opt={"permission": "campaigns:read", "reads": ("campaign_list", "campaign_stats")},
    summary="What came of a campaign",
    tags=["campaigns"],
)
def get_stats(
    campaign_id: FromPath[UUID], reads: NamedDependency[SkipValidation[TenantReads]]
) -> CampaignStats:
    """Return the figures; zeros while nothing has happened."""
    return reads.one(CampaignStats, STATS, {"campaign_id": campaign_id})
