"""What became of each message: who got what, when, and if not, why not?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.delivery.events import (
    EmailBounced,
    EmailDeferred,
    EmailFailed,
    EmailSent,
    EmailSkipped,
    EmailsQueued,
    EmailUncertain,
    HandoverStarted,
)
from domain.engagement.events import EmailOpened, LinkClicked
from domain.privacy.events import ContactAnonymized, EngagementForgotten
from domain.shared.message_id import message_id
from domain.shared.packed_ids import unpack_ids
from projections.projection import RecordedEvent, Table

COLUMNS = (
    "campaign_id", "contact_id", "status", "reason", "attempt", "relay", "reply", "queued_at",
    "status_at", "sent_at", "opened_at", "clicked_at", "opens", "clicks", "position",
)  # fmt: skip
UPSERT = """
INSERT INTO messages AS t (workspace_id, message_id, campaign_id, contact_id, status, reason,
    attempt, relay, reply, queued_at, status_at, sent_at, opened_at, clicked_at, opens, clicks,
    position)
SELECT w, m, ca, co, coalesce(s, 'queued'), r, coalesce(a, 0), rl, rp, q, coalesce(sa, q), st, o,
       cl, os, cs, p
  FROM unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::uuid[], %b::text[], %b::text[], %b::int[],
       %b::text[], %b::text[], %b::timestamptz[], %b::timestamptz[], %b::timestamptz[],
       %b::timestamptz[], %b::timestamptz[], %b::int[], %b::int[], %b::bigint[])
    AS u(w, m, ca, co, s, r, a, rl, rp, q, sa, st, o, cl, os, cs, p)
 WHERE ca IS NOT NULL
ON CONFLICT (workspace_id, message_id) DO UPDATE SET
    status = CASE WHEN excluded.status_at IS NULL THEN t.status ELSE excluded.status END,
    status_at = coalesce(excluded.status_at, t.status_at),
    reason = CASE WHEN excluded.status_at IS NULL THEN t.reason ELSE excluded.reason END,
    attempt = greatest(t.attempt, excluded.attempt),
    relay = coalesce(excluded.relay, t.relay), reply = coalesce(excluded.reply, t.reply),
    queued_at = coalesce(t.queued_at, excluded.queued_at),
    sent_at = coalesce(t.sent_at, excluded.sent_at),
    opened_at = coalesce(t.opened_at, excluded.opened_at),
    clicked_at = coalesce(t.clicked_at, excluded.clicked_at),
    opens = t.opens + excluded.opens, clicks = t.clicks + excluded.clicks
"""
HANDED_OVER = """
UPDATE messages t SET status = 'handed_over', status_at = u.a, relay = u.r, reason = NULL
  FROM unnest(%b::uuid[], %b::uuid[], %b::timestamptz[], %b::text[]) AS u(w, m, a, r)
 WHERE t.workspace_id = u.w AND t.message_id = u.m
"""
ERASE = """
UPDATE messages t SET reply = NULL
  FROM unnest(%b::uuid[], %b::uuid[]) AS u(w, c)
 WHERE t.workspace_id = u.w AND t.contact_id = u.c
"""
FORGET = """
UPDATE messages SET opened_at = NULL, clicked_at = NULL, opens = 0, clicks = 0
 WHERE workspace_id = %s AND sent_at < %s AND opens + clicks > 0
"""
STATUS = {
    EmailSent: "sent",
    EmailDeferred: "deferred",
    EmailFailed: "failed",
    EmailBounced: "bounced",
    EmailUncertain: "uncertain",
    EmailSkipped: "skipped",
}
Outcome = EmailSent | EmailDeferred | EmailFailed | EmailBounced | EmailUncertain | EmailSkipped
Row = dict[str, Any]  # columns of the table: as mixed as the table is
Rows = dict[tuple[UUID, UUID], Row]


class MessageLedger:
    """One row a message; `status` is queued, handed_over, sent, deferred, bounced, failed,
    uncertain or skipped, and `reason` says why it is not sent.
    """  # noqa: D205 - the list of states is one sentence

    name = "message_ledger"
    version = 3
    contexts = frozenset({"delivery", "engagement", "privacy"})
    opens = True
    tables = (
        Table(
            name="messages",
            columns=(
                "message_id uuid NOT NULL",
                "campaign_id uuid NOT NULL",
                "contact_id uuid NOT NULL",
                "status text NOT NULL",
                "reason text",
                "attempt integer NOT NULL",
                "relay text",
                "reply text",
                "queued_at timestamptz",
                "status_at timestamptz",
                "sent_at timestamptz",
                "opened_at timestamptz",
                "clicked_at timestamptz",
                "opens integer NOT NULL",
                "clicks integer NOT NULL",
                "position bigint NOT NULL",
            ),
            key=("message_id",),
            indexes=(("campaign_id", "message_id"), ("contact_id", "message_id")),
        ),
    )

    def apply(  # noqa: C901 - a case a kind of fact
        self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]
    ) -> None:
        """Fold each message in memory; write runs of events so that order is kept."""
        rows: Rows = {}
        handed: dict[tuple[UUID, UUID], tuple[datetime, str]] = {}
        for recorded in events:
            match recorded.event:
                case EmailsQueued() as event:
                    _queue(rows, recorded, event)
                case HandoverStarted() as event:
                    for message in unpack_ids(event.messages):
                        key = (recorded.workspace_id, message)
                        if key in rows:
                            rows[key].update(
                                status="handed_over",
                                status_at=recorded.recorded_at,
                                relay=event.relay,
                                reason=None,
                            )
                        else:
                            handed[key] = (recorded.recorded_at, event.relay)
                case EmailOpened() as event:
                    _touch(_row(rows, recorded, event), recorded, "opened_at", "opens")
                case LinkClicked() as event:
                    _touch(_row(rows, recorded, event), recorded, "clicked_at", "clicks")
                case (
                    EmailSent()
                    | EmailDeferred()
                    | EmailFailed()
                    | EmailBounced()
                    | EmailUncertain()
                    | EmailSkipped()
                ) as event:
                    _settle(_row(rows, recorded, event), recorded, event)
                case EngagementForgotten() as event:
                    _write(cursor, rows, handed)  # what came before it is forgotten too
                    rows, handed = {}, {}
                    cursor.execute(FORGET, (recorded.workspace_id, event.before))
                case _:
                    pass
        _write(cursor, rows, handed)
        erased = [
            (recorded.workspace_id, recorded.event.contact_id)
            for recorded in events
            if isinstance(recorded.event, ContactAnonymized)
        ]
        if erased:  # what the servers said of the person, before and after in this batch
            cursor.execute(ERASE, [list(column) for column in zip(*erased, strict=True)])


def _write(
    cursor: Cursor[TupleRow], rows: Rows, handed: dict[tuple[UUID, UUID], tuple[datetime, str]]
) -> None:
    """Write handovers first: an outcome in the same batch came after them."""
    if handed:
        flat = [(*key, *value) for key, value in handed.items()]
        cursor.execute(HANDED_OVER, [list(column) for column in zip(*flat, strict=True)])
    if rows:
        table = [(*key, *(row[name] for name in COLUMNS)) for key, row in rows.items()]
        cursor.execute(UPSERT, [list(column) for column in zip(*table, strict=True)])


def _queue(rows: Rows, recorded: RecordedEvent, event: EmailsQueued) -> None:
    for contact_id in unpack_ids(event.recipients):
        message = message_id(
            campaign_id=event.campaign_id,
            contact_id=contact_id,
            launched_at_ms=event.launched_at_ms,
        )
        rows[recorded.workspace_id, message] = _blank(
            event.campaign_id, contact_id, recorded.position
        ) | {"queued_at": recorded.recorded_at}


def _settle(row: Row, recorded: RecordedEvent, event: Outcome) -> None:
    row["status"] = STATUS[type(event)]
    row["status_at"] = recorded.recorded_at
    # What an outcome does not say stays as it was, here as in UPSERT: where batches are cut must
    # not show in the rows.
    row["attempt"] = max(row["attempt"] or 0, getattr(event, "attempt", 0))
    row["relay"] = getattr(event, "relay", None) or row["relay"]
    row["reply"] = getattr(event, "reply", None) or row["reply"]
    match event:
        case EmailSent():
            row["sent_at"] = recorded.recorded_at
            row["reason"] = None
        case EmailSkipped() | EmailUncertain() | EmailFailed():
            row["reason"] = str(event.reason)
        case EmailDeferred() | EmailBounced():
            row["reason"] = f"{event.code} {event.status}"


def _touch(row: Row, recorded: RecordedEvent, first: str, count: str) -> None:
    row[first] = row[first] or recorded.recorded_at
    row[count] += 1


def _row(rows: Rows, recorded: RecordedEvent, event: Outcome | EmailOpened | LinkClicked) -> Row:
    key = (recorded.workspace_id, event.message_id)
    if key not in rows:
        rows[key] = _blank(event.campaign_id, event.contact_id, recorded.position)
    return rows[key]


def _blank(campaign_id: UUID, contact_id: UUID, position: int) -> Row:
    return dict.fromkeys(COLUMNS) | {
        "campaign_id": campaign_id,
        "contact_id": contact_id,
        "opens": 0,
        "clicks": 0,
        "position": position,
    }
