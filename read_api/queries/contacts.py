"""Who is in the workspace, what did each get, and who must not be mailed?"""

from typing import Literal, LiteralString
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, SkipValidation

from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.contact_facets import total_of
from read_api.queries.contact_search import ContactSearch, provide_contact_search
from read_api.queries.delivery import MESSAGES_OF_CONTACT
from read_api.queries.rows import FIRST_ID, LAST_ID, LAST_POSITION, shown
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

FIELDS: LiteralString = """
SELECT contact_id, email, first_name, last_name, fields, status, status_at, import_id, added_at,
       erased_at, deleted_at"""
KEYS: LiteralString = ", email_key, last_key FROM contacts"
COLUMNS: LiteralString = FIELDS + " FROM contacts WHERE workspace_id = %(workspace_id)s"
ONE: LiteralString = COLUMNS + " AND contact_id = %(contact_id)s"
UP: LiteralString = " AND (KEY, contact_id) > (%(key)s, %(id)s) ORDER BY KEY, contact_id"
DOWN: LiteralString = (
    " AND (KEY, contact_id) < (%(key)s, %(id)s) ORDER BY KEY DESC, contact_id DESC"
)
FIRST_TEXT, LAST_TEXT = ("", FIRST_ID), (chr(1114111), LAST_ID)
FIRST_DAY, LAST_DAY = ("-infinity", FIRST_ID), ("infinity", LAST_ID)
SORTED: dict[str, tuple[LiteralString, tuple[str, str], str]] = {
    "id": (" AND contact_id > %(id)s ORDER BY contact_id", FIRST_TEXT, "last_key"),
    "email": (UP.replace("KEY", "email_key"), FIRST_TEXT, "email_key"),
    "-email": (DOWN.replace("KEY", "email_key"), LAST_TEXT, "email_key"),
    "name": (UP.replace("KEY", "last_key"), FIRST_TEXT, "last_key"),
    "-name": (DOWN.replace("KEY", "last_key"), LAST_TEXT, "last_key"),
    "added": (UP.replace("KEY", "added_at"), FIRST_DAY, "added_at"),
    "-added": (DOWN.replace("KEY", "added_at"), LAST_DAY, "added_at"),
}
"""By each order: how a page goes on, where the first one starts, and what it goes on from."""
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

Sort = Literal["id", "email", "-email", "name", "-name", "added", "-added"]


class _Row(Contact, frozen=True, kw_only=True):
    email_key: str
    last_key: str


def page_query(search: ContactSearch, sort: Sort) -> LiteralString:
    """Return the statement of one page of those who are looked for."""
    place, _, _ = SORTED[sort]
    return FIELDS + KEYS + search.where() + place + " LIMIT %(fetch)s"


@get(
    "/v1/contacts",
    sync_to_thread=True,
    opt={"permission": "contacts:read", "reads": ("contact_list",)},
    dependencies={"search": Provide(provide_contact_search, sync_to_thread=False)},
    summary="List contacts",
    tags=["contacts"],
)
def get_contacts(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
    search: NamedDependency[SkipValidation[ContactSearch]],
    sort: FromQuery[Sort | None] = None,
) -> ContactPage:
    """List by id, or by address where an address prefix is given, or as `sort` says."""
    sort = sort or ("email" if search.email else "id")
    _, first, name = SORTED[sort]
    key, after_id = page.start(first)
    values = search.values() | {"key": key, "id": after_id, "fetch": page.fetch}
    rows = reads.rows(_Row, page_query(search, sort), values)
    items, following = page.finish(rows, name, "contact_id")
    total, is_about = total_of(reads, search)
    return ContactPage(
        items=[shown(item, Contact) for item in items],
        next=following,
        total=total,
        total_is_about=is_about,
    )


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
