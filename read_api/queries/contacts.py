"""Who is in the workspace, what did each get, and who must not be mailed?"""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter, SkipValidation

from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.delivery import MESSAGES_OF_CONTACT
from read_api.queries.rows import FIRST_ID, LAST_POSITION, shown
from schemas.http.contacts import (
    Contact,
    ContactDetail,
    ContactPage,
    Suppression,
    SuppressionPage,
)
from schemas.http.delivery import Message
from schemas.http.suppressions import Lifted

SHOWN_MESSAGES = 200

COLUMNS = """
SELECT contact_id, email, first_name, last_name, fields, status, status_at, import_id, added_at,
       erased_at, deleted_at
  FROM contacts WHERE workspace_id = %(workspace_id)s
"""
ONE = COLUMNS + " AND contact_id = %(contact_id)s"
BY_ID = (
    COLUMNS
    + """ AND deleted_at IS NULL AND contact_id > %(id)s
   AND (%(status)s::text IS NULL OR status = %(status)s)
 ORDER BY contact_id LIMIT %(fetch)s"""
)
BY_EMAIL = (
    COLUMNS
    + """ AND deleted_at IS NULL AND email >= %(prefix)s AND email < %(prefix)s || chr(1114111)
   AND (email, contact_id) > (%(email)s, %(id)s)
   AND (%(status)s::text IS NULL OR status = %(status)s)
 ORDER BY email, contact_id LIMIT %(fetch)s"""
)
SUPPRESSIONS = """
SELECT s.contact_id, coalesce(c.email, l.email) AS email, s.reason, s.detail, s.campaign_id,
       s.since, s.source, s.expires_at, s.position
  FROM suppressions s
  LEFT JOIN contacts c ON c.workspace_id = s.workspace_id AND c.contact_id = s.contact_id
  LEFT JOIN listed_addresses l ON l.workspace_id = s.workspace_id AND l.contact_id = s.contact_id
 WHERE s.workspace_id = %(workspace_id)s AND s.position < %(position)s
   AND (%(reason)s::text IS NULL OR s.reason = %(reason)s)
 ORDER BY s.position DESC LIMIT %(fetch)s
"""

Prefix = Annotated[
    str | None,
    QueryParameter(
        name="email", min_length=1, max_length=254, description="What the address starts with."
    ),
]
Status = Literal["subscribed", "unsubscribed", "suppressed"]


@get(
    "/v1/contacts",
    sync_to_thread=True,
    opt={"permission": "contacts:read", "reads": ("contact_list",)},
    summary="List contacts",
    tags=["contacts"],
)
def get_contacts(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
    status: FromQuery[Status | None] = None,
    email: Prefix = None,
) -> ContactPage:
    """List by id, or by address when an address prefix is given."""
    values: dict[str, object] = {"status": status, "fetch": page.fetch}
    if email is None:
        (after_id,) = page.start([FIRST_ID])
        found = reads.rows(Contact, BY_ID, values | {"id": after_id})
        items, following = page.finish(found, "contact_id")
    else:
        after_email, after_id = page.start([email, FIRST_ID])
        place = {"prefix": email, "email": after_email, "id": after_id}
        found = reads.rows(Contact, BY_EMAIL, values | place)
        items, following = page.finish(found, "email", "contact_id")
    return ContactPage(items=items, next=following)


@get(
    "/v1/contacts/{contact_id:uuid}",
    sync_to_thread=True,
    opt={"permission": "contacts:read", "reads": ("contact_list", "message_ledger")},
    summary="One contact with its messages",
    tags=["contacts"],
)
def get_contact(
    contact_id: FromPath[UUID], reads: NamedDependency[SkipValidation[TenantReads]]
) -> ContactDetail:
    """Return everything that is known of one person."""
    contact = reads.one(Contact, ONE, {"contact_id": contact_id})
    messages = reads.rows(
        Message, MESSAGES_OF_CONTACT, {"contact_id": contact_id, "fetch": SHOWN_MESSAGES}
    )
    return ContactDetail(**msgspec.structs.asdict(contact), messages=messages)


class _Suppression(Suppression, frozen=True, kw_only=True):
    position: int


@get(
    "/v1/suppressions",
    sync_to_thread=True,
    opt={"permission": "contacts:read", "reads": ("suppression_list", "contact_list")},
    summary="List who must not be mailed",
    tags=["contacts"],
)
def get_suppressions(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
    reason: FromQuery[Lifted | None] = None,
) -> SuppressionPage:
    """List each contact and reason, newest first, or those of one reason."""
    (position,) = page.start([LAST_POSITION])
    values = {"position": position, "reason": reason, "fetch": page.fetch}
    found = reads.rows(_Suppression, SUPPRESSIONS, values)
    items, following = page.finish(found, "position")
    return SuppressionPage(items=[shown(item, Suppression) for item in items], next=following)
