"""Which campaigns are there, where is each in its life, and what came of it?"""

from typing import Literal
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, SkipValidation

from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import LAST_POSITION, Search, shown
from schemas.http.campaigns import Campaign, CampaignPage, CampaignStats, CampaignSummary

COLUMNS = """
SELECT c.campaign_id, c.version, c.name, c.template_id, c.subject, c.sender_name,
       c.sender_address, c.reply_to, c.status, c.snapshot, c.sandbox, c.audience, c.send_at,
       c.scheduled_at, c.drafted_at, c.updated_at, c.launched_at, c.ended_at, c.deleted_at"""
ONE = (
    COLUMNS
    + """
  FROM campaigns c WHERE c.workspace_id = %(workspace_id)s AND c.campaign_id = %(campaign_id)s
"""
)
LIST = (
    COLUMNS
    + """, coalesce(s.sent, 0) AS sent, coalesce(s.opened, 0) AS opened,
       coalesce(s.clicked, 0) AS clicked, c.position
  FROM campaigns c
  LEFT JOIN campaign_stats s
    ON s.workspace_id = c.workspace_id AND s.campaign_id = c.campaign_id
 WHERE c.workspace_id = %(workspace_id)s AND c.deleted_at IS NULL AND c.position < %(position)s
   AND (%(status)s::text IS NULL OR c.status = %(status)s)
   AND (%(q)s::text IS NULL OR strpos(lower(c.name), lower(%(q)s)) > 0)
 ORDER BY c.position DESC LIMIT %(fetch)s
"""
)
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


class _Row(CampaignSummary, frozen=True, kw_only=True):
    position: int


Status = Literal["draft", "scheduled", "running", "paused", "completed", "cancelled"]


@get(
    "/v1/campaigns",
    sync_to_thread=True,
    opt={"permission": "campaigns:read", "reads": ("campaign_list", "campaign_stats")},
    summary="List campaigns",
    tags=["campaigns"],
)
def get_campaigns(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
    status: FromQuery[Status | None] = None,
    q: Search = None,
) -> CampaignPage:
    """List campaigns, newest first: all, of one status, or with these words in the name."""
    (position,) = page.start([LAST_POSITION])
    values = {"position": position, "status": status, "q": q, "fetch": page.fetch}
    items, following = page.finish(reads.rows(_Row, LIST, values), "position")
    return CampaignPage(items=[shown(item, CampaignSummary) for item in items], next=following)


@get(
    "/v1/campaigns/{campaign_id:uuid}",
    sync_to_thread=True,
    opt={"permission": "campaigns:read", "reads": ("campaign_list",)},
    summary="One campaign",
    tags=["campaigns"],
)
def get_campaign(
    campaign_id: FromPath[UUID], reads: NamedDependency[SkipValidation[TenantReads]]
) -> Response[Campaign]:
    """Return where the campaign is; `ETag` is the version of its plan, for `If-Match`."""
    found = reads.one(Campaign, ONE, {"campaign_id": campaign_id})
    return Response(found, headers={"etag": f'"{found.version}"'})


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
