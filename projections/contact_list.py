"""Who is in this workspace, and may they be mailed?"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.errors import UniqueViolation
from psycopg.rows import TupleRow

from domain.contacts.events import (
    ContactDeleted,
    ContactImported,
    ContactRestored,
    ContactSuppressed,
    ContactUnsubscribed,
    SuppressionImported,
    SuppressionLifted,
    SuppressionReason,
)
from domain.privacy.events import ContactAnonymized
from projections.copying import copy_rows, is_guarded
from projections.projection import RecordedEvent, Table

INSERT = """
INSERT INTO contacts (workspace_id, contact_id, email, first_name, last_name, fields, import_id,
                      added_at, added_position, email_key, first_key, last_key)
SELECT w, c, e, f, l, x::jsonb, i, a, p, ek, fk, lk
  FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::text[], %b::text[], %b::text[], %b::uuid[],
              %b::timestamptz[], %b::bigint[], %b::text[], %b::text[], %b::text[])
       AS u(w, c, e, f, l, x, i, a, p, ek, fk, lk)
"""
UPDATE_INSTEAD = """
ON CONFLICT (workspace_id, contact_id) DO UPDATE
   SET email = excluded.email, first_name = excluded.first_name, last_name = excluded.last_name,
       fields = excluded.fields, email_key = excluded.email_key, first_key = excluded.first_key,
       last_key = excluded.last_key
"""
COPY = """
COPY contacts (workspace_id, contact_id, email, first_name, last_name, fields, import_id,
               added_at, added_position, email_key, first_key, last_key) FROM STDIN (FORMAT binary)
"""
TYPES = (
    "uuid", "uuid", "text", "text", "text", "jsonb", "uuid", "timestamptz", "bigint",
    "text", "text", "text",
)  # fmt: skip
FIELDS = TYPES.index("jsonb")
SET_STATUS = """
UPDATE contacts t SET status = u.s, status_at = u.a
  FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::timestamptz[]) AS u(w, c, s, a)
 WHERE t.workspace_id = u.w AND t.contact_id = u.c
"""


ERASE = """
UPDATE contacts t SET email = NULL, first_name = NULL, last_name = NULL, fields = NULL,
       email_key = '', first_key = '', last_key = '', erased_at = u.a, erased_position = u.p
  FROM unnest(%b::uuid[], %b::uuid[], %b::timestamptz[], %b::bigint[]) AS u(w, c, a, p)
 WHERE t.workspace_id = u.w AND t.contact_id = u.c
"""


DELETE = """
UPDATE contacts t SET deleted_at = u.a, deleted_position = u.p,
       restored_at = coalesce(u.r, t.restored_at)
  FROM unnest(%b::uuid[], %b::uuid[], %b::timestamptz[], %b::bigint[], %b::timestamptz[])
       AS u(w, c, a, p, r)
 WHERE t.workspace_id = u.w AND t.contact_id = u.c
"""


class ContactList:
    """One row a contact; `status` is subscribed, unsubscribed or suppressed.

    Of an erased person the row stays, with its status, and without a personal field. The keys are
    what is searched and sorted by: address and names without their case, empty where there is none.
    """

    name = "contact_list"
    version = 5
    contexts = frozenset({"contacts", "privacy"})
    opens = True
    tables = (
        Table(
            name="contacts",
            columns=(
                "contact_id uuid NOT NULL",
                "email text",
                "first_name text",
                "last_name text",
                "fields jsonb",
                "import_id uuid NOT NULL",
                "status text NOT NULL DEFAULT 'subscribed'",
                "status_at timestamptz",
                "added_at timestamptz NOT NULL",
                "added_position bigint NOT NULL",
                "erased_at timestamptz",
                "erased_position bigint",
                "deleted_at timestamptz",
                "deleted_position bigint",
                "restored_at timestamptz",
                "email_key text NOT NULL DEFAULT ''",
                "first_key text NOT NULL DEFAULT ''",
                "last_key text NOT NULL DEFAULT ''",
            ),
            key=("contact_id",),
            indexes=(
                ("email_key", "contact_id"),
                ("first_key", "contact_id"),
                ("last_key", "contact_id"),
                ("added_at", "contact_id"),
                ("import_id", "contact_id"),
                ("status", "contact_id"),
            ),
        ),
    )

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        """Insert the new contacts, set the last status of each, and empty who was erased."""
        rows = [
            (
                recorded.workspace_id,
                event.contact_id,
                event.email,
                event.first_name,
                event.last_name,
                event.fields or None,
                event.import_id,
                recorded.recorded_at,
                recorded.position,
                search_key(event.email),
                search_key(event.first_name),
                search_key(event.last_name),
            )
            for recorded in events
            if isinstance(event := recorded.event, ContactImported)
        ]
        if rows:
            _write(cursor, rows)
        statuses = _last_statuses(events)
        if statuses:
            cursor.execute(SET_STATUS, [list(column) for column in zip(*statuses, strict=True)])
        if deleted := _last_deletions(events):
            cursor.execute(DELETE, [list(column) for column in zip(*deleted, strict=True)])
        erased = [
            (recorded.workspace_id, event.contact_id, recorded.recorded_at, recorded.position)
            for recorded in events
            if isinstance(event := recorded.event, ContactAnonymized)
        ]
        if erased:
            cursor.execute(ERASE, [list(column) for column in zip(*erased, strict=True)])


def search_key(text: str | None) -> str:
    """Return what is found by: the text without its case. A key fits an index: 2 kB at most."""
    return (text or "").strip().casefold()[:500]


def _write(cursor: Cursor[TupleRow], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert the rows; where one is there already, do it again the slower way that updates."""
    try:
        with cursor.connection.transaction():
            if is_guarded(cursor, "contacts"):
                cursor.execute(INSERT, _columns(rows))
            else:
                copy_rows(cursor, COPY, rows, types=TYPES)
    except UniqueViolation:
        cursor.execute(INSERT + UPDATE_INSTEAD, _columns(rows))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    columns = [list(column) for column in zip(*rows, strict=True)]
    columns[FIELDS] = [
        fields and msgspec.json.encode(fields).decode() for fields in columns[FIELDS]
    ]
    return columns


def _last_statuses(events: Sequence[RecordedEvent]) -> list[tuple[object, ...]]:
    last: dict[tuple[UUID, UUID], tuple[str, object]] = {}
    for recorded in events:
        match recorded.event:
            case ContactUnsubscribed(contact_id=contact_id):
                last[recorded.workspace_id, contact_id] = ("unsubscribed", recorded.recorded_at)
            case ContactSuppressed(contact_id=contact_id):
                last[recorded.workspace_id, contact_id] = ("suppressed", recorded.recorded_at)
            case SuppressionImported(contact_id=contact_id, reason=SuppressionReason.UNSUBSCRIBED):
                last[recorded.workspace_id, contact_id] = ("unsubscribed", recorded.recorded_at)
            case SuppressionImported(contact_id=contact_id):
                last[recorded.workspace_id, contact_id] = ("suppressed", recorded.recorded_at)
            case SuppressionLifted(contact_id=contact_id, still=still):
                status = still or "subscribed"
                last[recorded.workspace_id, contact_id] = (status, recorded.recorded_at)
            case ContactImported(contact_id=contact_id, stopped=stopped) if stopped:
                last[recorded.workspace_id, contact_id] = (stopped, recorded.recorded_at)
            case _:
                pass
    return [(*key, *value) for key, value in last.items()]


def _last_deletions(events: Sequence[RecordedEvent]) -> list[tuple[object, ...]]:
    """Return who went into the trash or came out: when, at which position, and out of it when."""
    last: dict[tuple[UUID, UUID], tuple[object, object, object]] = {}
    for recorded in events:
        match recorded.event:
            case ContactDeleted(contact_id=contact_id):
                *_, restored = last.get((recorded.workspace_id, contact_id), (None,))
                place = (recorded.recorded_at, recorded.position, restored)
                last[recorded.workspace_id, contact_id] = place
            case ContactRestored(contact_id=contact_id):
                last[recorded.workspace_id, contact_id] = (None, None, recorded.recorded_at)
            case _:
                pass
    return [(*key, *value) for key, value in last.items()]
