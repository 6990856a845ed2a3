"""Every message of the workspace, newest launch first: the activity that support looks through."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import LAST_ID
from schemas.http.delivery import AddressedMessage, AddressedMessagePage

Status = Literal[
    "queued", "handed_over", "sent", "deferred", "bounced", "failed", "uncertain", "skipped"
]
OfStatus = Annotated[
    Status | None, QueryParameter(name="status", description="Only those that stand so now.")
]
OfCampaign = Annotated[
    UUID | None, QueryParameter(name="campaign_id", description="Only those of this campaign.")
]
To = Annotated[
    str | None,
    QueryParameter(
        name="email", min_length=1, max_length=254, description="What the address starts with."
    ),
]
SELECT = """
SELECT m.message_id, m.campaign_id, m.contact_id, m.status, m.reason, m.attempt, m.relay, m.reply,
       m.queued_at, m.status_at, m.sent_at, m.opened_at, m.clicked_at, m.opens, m.clicks, c.email
  FROM messages m
  LEFT JOIN contacts c ON c.workspace_id = m.workspace_id AND c.contact_id = m.contact_id
 WHERE m.workspace_id = %(workspace_id)s AND m.message_id < %(id)s
"""
"""By the id, which begins with the time of the launch: the primary key gives the order."""
STATUS = " AND m.status = %(status)s"
CAMPAIGN = " AND m.campaign_id = %(campaign_id)s"
EMAIL = " AND c.email >= %(email)s AND c.email < %(email)s || chr(1114111)"
ORDER = " ORDER BY m.message_id DESC LIMIT %(fetch)s"


@get(
    "/v1/messages",
    sync_to_thread=True,
    opt={"permission": "messages:read", "reads": ("message_ledger", "contact_list")},
    summary="Messages",
    tags=["messages"],
)
def get_messages(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
    status: OfStatus = None,
    campaign_id: OfCampaign = None,
    email: To = None,
) -> AddressedMessagePage:
    """List them with whom they are for, newest launch first."""
    (before,) = page.start([LAST_ID])
    asked = {
        "id": before,
        "fetch": page.fetch,
        "status": status,
        "campaign_id": campaign_id,
        "email": email,
    }
    query = (
        SELECT
        + (STATUS if status else "")
        + (CAMPAIGN if campaign_id else "")
        + (EMAIL if email else "")
        + ORDER
    )
    items, following = page.finish(reads.rows(AddressedMessage, query, asked), "message_id")
    return AddressedMessagePage(items=items, next=following)
