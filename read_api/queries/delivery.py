"""What became of each message?"""

from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import FIRST_ID
from schemas.http.delivery import Message, MessagePage

COLUMNS = """
SELECT message_id, campaign_id, contact_id, status, reason, attempt, relay, reply, queued_at,
       status_at, sent_at, opened_at, clicked_at, opens, clicks
  FROM messages WHERE workspace_id = %(workspace_id)s
"""
MESSAGES_OF_CONTACT = (
    COLUMNS + " AND contact_id = %(contact_id)s ORDER BY message_id DESC LIMIT %(fetch)s"
)
OF_CAMPAIGN = (
    COLUMNS
    + " AND campaign_id = %(campaign_id)s AND message_id > %(id)s"
    + " ORDER BY message_id LIMIT %(fetch)s"
)
CAMPAIGN_EXISTS = """
SELECT campaign_id FROM campaigns
 WHERE workspace_id = %(workspace_id)s AND campaign_id = %(campaign_id)s
"""


@get(
    "/v1/campaigns/{campaign_id:uuid}/messages",
    sync_to_thread=True,
    opt={"permission": "messages:read", "reads": ("campaign_list", "message_ledger")},
    summary="The messages of a campaign",
    tags=["messages"],
)
def get_campaign_messages(
    campaign_id: FromPath[UUID],
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
) -> MessagePage:
    """List who got what, and who did not and why."""
    reads.one(dict, CAMPAIGN_EXISTS, {"campaign_id": campaign_id})
    (after_id,) = page.start([FIRST_ID])
    place = {"campaign_id": campaign_id, "id": after_id, "fetch": page.fetch}
    items, following = page.finish(reads.rows(Message, OF_CAMPAIGN, place), "message_id")
    return MessagePage(items=items, next=following)
