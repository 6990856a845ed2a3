"""Which contacts does somebody look for? The conditions of a list, of its count and its facets."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Literal, LiteralString
from uuid import UUID

import msgspec
from litestar.params import FromQuery, QueryParameter

from projections.contact_list import search_key

WORDS = 4
"""Of what is asked, so many words are looked for."""
LISTED: LiteralString = " WHERE workspace_id = %(workspace_id)s AND deleted_at IS NULL"
CONDITIONS: dict[str, LiteralString] = {
    "email": " AND email_key >= %(email)s AND email_key < %(email)s || chr(1114111)",
    "status": " AND status = %(status)s",
    "import_id": " AND import_id = %(import_id)s",
    "added_since": " AND added_at >= %(added_since)s",
    "added_until": " AND added_at < %(added_until)s",
}


def _begins(key: LiteralString, word: LiteralString) -> LiteralString:
    return (
        "SELECT contact_id FROM contacts WHERE workspace_id = %(workspace_id)s"
        " AND " + key + " >= %(" + word + ")s AND " + key + " < %(" + word + ")s || chr(1114111)"
    )


def _word(word: LiteralString) -> LiteralString:
    """Return the condition that an address or a name begins with this word: three index ranges."""
    ranges = (_begins("email_key", word), _begins("first_key", word), _begins("last_key", word))
    return " AND contact_id IN (" + " UNION ".join(ranges) + ")"


CONDITIONS |= {name: _word(name) for name in ("word_0", "word_1", "word_2", "word_3")}

Prefix = Annotated[
    str | None,
    QueryParameter(
        name="email", min_length=1, max_length=254, description="What the address starts with."
    ),
]
Words = Annotated[
    str | None,
    QueryParameter(
        name="q",
        min_length=1,
        max_length=200,
        description="Each word begins the address, the first or the last name, in any case.",
    ),
]
Status = Literal["subscribed", "unsubscribed", "suppressed"]


class ContactSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What all the contacts that are looked for have in common; None: whatever it is."""

    q: str | None = None
    email: str | None = None
    status: Status | None = None
    import_id: UUID | None = None
    added_since: datetime | None = None
    added_until: datetime | None = None

    def values(self) -> dict[str, object]:
        """Return the values of the conditions that ask something."""
        words = search_key(self.q).split()[:WORDS]
        asked = {
            **{f"word_{number}": word for number, word in enumerate(words)},
            "email": self.email and search_key(self.email),
            "status": self.status,
            "import_id": self.import_id,
            "added_since": self.added_since,
            "added_until": self.added_until,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def where(self, *, without: Collection[str] = ()) -> LiteralString:
        """Return the WHERE clause over `contacts`, without some of the conditions."""
        where = LISTED
        for name in self.values():
            if name not in without:
                where += CONDITIONS[name]
        return where


def provide_contact_search(
    q: Words = None,
    email: Prefix = None,
    status: FromQuery[Status | None] = None,
    import_id: FromQuery[UUID | None] = None,
    added_since: FromQuery[datetime | None] = None,
    added_until: FromQuery[datetime | None] = None,
) -> ContactSearch:
    """Read the conditions of a request; `added_since` is included, `added_until` is not."""
    return ContactSearch(
        q=q,
        email=email,
        status=status,
        import_id=import_id,
        added_since=added_since,
        added_until=added_until,
    )
