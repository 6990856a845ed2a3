"""Who must not be mailed, since when, until when, by whose word, and why?"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.contacts.events import (
    AddressListed,
    Channel,
    ContactSuppressed,
    ContactUnsubscribed,
    SuppressionImported,
    SuppressionLifted,
    SuppressionSource,
)
from domain.privacy.events import ContactAnonymized
from projections.projection import RecordedEvent, Table

UPSERT = """
INSERT INTO suppressions (workspace_id, contact_id, reason, detail, campaign_id, since, position,
                          source, expires_at)
SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::text[], %b::uuid[],
                     %b::timestamptz[], %b::bigint[], %b::text[], %b::timestamptz[])
ON CONFLICT (workspace_id, contact_id, reason) DO UPDATE
   SET detail = excluded.detail, source = excluded.source, expires_at = excluded.expires_at
"""
LIFT = """
DELETE FROM suppressions WHERE workspace_id = %s AND contact_id = %s AND reason = %s
"""
LISTED = """
INSERT INTO listed_addresses (workspace_id, contact_id, email)
SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[])
ON CONFLICT (workspace_id, contact_id) DO NOTHING
"""
FORGET = "DELETE FROM listed_addresses WHERE workspace_id = %s AND contact_id = %s"

Key = tuple[UUID, UUID, str]


class SuppressionList:
    """One row a contact and reason; the reason is one of `SuppressionReason`.

    The second table has the addresses that were suppressed before anybody had them.
    """

    name = "suppression_list"
    version = 2
    contexts = frozenset({"contacts", "privacy"})
    opens = True
    tables = (
        Table(
            name="suppressions",
            columns=(
                "contact_id uuid NOT NULL",
                "reason text NOT NULL",
                "detail text NOT NULL",
                "campaign_id uuid",
                "since timestamptz NOT NULL",
                "position bigint NOT NULL",
                "source text NOT NULL",
                "expires_at timestamptz",
            ),
            key=("contact_id", "reason"),
            indexes=(("position",),),
        ),
        Table(
            name="listed_addresses",
            columns=("contact_id uuid NOT NULL", "email text NOT NULL"),
            key=("contact_id",),
        ),
    )

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        """Keep each reason, newest words first told; drop what was lifted and who was erased."""
        rows: dict[Key, tuple[Any, ...]] = {}
        listed: dict[tuple[UUID, UUID], str] = {}
        for recorded in events:
            match recorded.event:
                case SuppressionLifted(contact_id=contact_id, reason=reason):
                    _write(cursor, rows)
                    rows = {}
                    cursor.execute(LIFT, (recorded.workspace_id, contact_id, str(reason)))
                case ContactAnonymized(contact_id=contact_id):
                    listed.pop((recorded.workspace_id, contact_id), None)
                    cursor.execute(FORGET, (recorded.workspace_id, contact_id))
                case AddressListed(contact_id=contact_id, email=str(email)):
                    listed[recorded.workspace_id, contact_id] = email
                case SuppressionImported(contact_id=contact_id, email=str(email)) as event:
                    listed[recorded.workspace_id, contact_id] = email
                    _take(rows, recorded, _row(event))
                case ContactUnsubscribed() | ContactSuppressed() | SuppressionImported() as event:
                    _take(rows, recorded, _row(event))
                case _:
                    pass
        _write(cursor, rows)
        if listed:
            table = [(*key, email) for key, email in listed.items()]
            cursor.execute(LISTED, [list(column) for column in zip(*table, strict=True)])


def _row(
    event: ContactUnsubscribed | ContactSuppressed | SuppressionImported,
) -> tuple[UUID, str, str, UUID | None, str, object]:
    """Return contact, reason, detail, campaign, source and end."""
    said: tuple[str, str, UUID | None, str, object]
    match event:
        case ContactUnsubscribed():
            by_api = event.via is Channel.API
            source = SuppressionSource.API if by_api else SuppressionSource.UNSUBSCRIBE_PAGE
            said = ("unsubscribed", str(event.via), event.campaign_id, str(source), None)
        case ContactSuppressed():
            said = (str(event.reason), event.detail, None, str(event.source), event.expires_at)
        case SuppressionImported():
            source = SuppressionSource.IMPORT
            said = (str(event.reason), event.detail, None, str(source), event.expires_at)
    return (event.contact_id, *said)


def _take(
    rows: dict[Key, tuple[Any, ...]],
    recorded: RecordedEvent,
    row: tuple[UUID, str, str, UUID | None, str, object],
) -> None:
    """Since when and where it stands is what came first; the rest is what came last."""
    contact_id, reason, detail, campaign_id, source, expires_at = row
    key = (recorded.workspace_id, contact_id, reason)
    before = rows.get(key)
    first = before[1:4] if before else (campaign_id, recorded.recorded_at, recorded.position)
    rows[key] = (detail, *first, source, expires_at)


def _write(cursor: Cursor[TupleRow], rows: dict[Key, tuple[Any, ...]]) -> None:
    if rows:
        table = [(*key, *row) for key, row in rows.items()]
        cursor.execute(UPSERT, [list(column) for column in zip(*table, strict=True)])
