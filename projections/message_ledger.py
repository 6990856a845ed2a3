"""What became of each message: who got what, when, and if not, why not?"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.delivery.bounce_events import EmailComplained, EmailDelivered
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
from domain.delivery.outcome_events import (
    EmailDiscarded,
    EmailRedriven,
    Resolution,
    UncertainResolved,
)
from domain.engagement.events import EmailOpened, LinkClicked
from domain.privacy.events import ContactAnonymized, EngagementForgotten
from domain.shared.message_id import message_id
from domain.shared.packed_ids import unpack_ids
from projections.projection import RecordedEvent, Table

COLUMNS = (
    "campaign_id", "contact_id", "status", "reason", "attempt", "relay", "reply", "queued_at",
    "status_at", "sent_at", "opened_at", "clicked_at", "opens", "clicks", "position",
    "status_position", "sent_position", "handed_over_at", "handed_over_position",
    "delivered_at", "bounced_at", "bounce_class", "complained_at",
)  # fmt: skip
UPSERT = """
INSERT INTO messages AS t (workspace_id, message_id, campaign_id, contact_id, status, reason,
    attempt, relay, reply, queued_at, status_at, sent_at, opened_at, clicked_at, opens, clicks,
    position, status_position, sent_position, handed_over_at, handed_over_position,
    delivered_at, bounced_at, bounce_class, complained_at)
SELECT w, m, ca, co, coalesce(s, 'queued'), r, coalesce(a, 0), rl, rp, q, coalesce(sa, q), st, o,
       cl, os, cs, p, coalesce(sp, p), tp, h, hp, d, b, bc, cp
  FROM unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::uuid[], %b::text[], %b::text[], %b::int[],
       %b::text[], %b::text[], %b::timestamptz[], %b::timestamptz[], %b::timestamptz[],
       %b::timestamptz[], %b::timestamptz[], %b::int[], %b::int[], %b::bigint[], %b::bigint[],
       %b::bigint[], %b::timestamptz[], %b::bigint[],
       %b::timestamptz[], %b::timestamptz[], %b::text[], %b::timestamptz[])
    AS u(w, m, ca, co, s, r, a, rl, rp, q, sa, st, o, cl, os, cs, p, sp, tp, h, hp, d, b, bc, cp)
 WHERE ca IS NOT NULL
ON CONFLICT (workspace_id, message_id) DO UPDATE SET
    status = CASE WHEN excluded.status_at IS NULL THEN t.status ELSE excluded.status END,
    status_position = CASE WHEN excluded.status_at IS NULL THEN t.status_position
                           ELSE excluded.status_position END,
    status_at = coalesce(excluded.status_at, t.status_at),
    handed_over_at = coalesce(excluded.handed_over_at, t.handed_over_at),
    handed_over_position = coalesce(excluded.handed_over_position, t.handed_over_position),
    sent_position = coalesce(t.sent_position, excluded.sent_position),
    reason = CASE WHEN excluded.status_at IS NULL THEN t.reason ELSE excluded.reason END,
    attempt = greatest(t.attempt, excluded.attempt),
    relay = coalesce(excluded.relay, t.relay), reply = coalesce(excluded.reply, t.reply),
    queued_at = coalesce(t.queued_at, excluded.queued_at),
    sent_at = coalesce(t.sent_at, excluded.sent_at),
    opened_at = coalesce(t.opened_at, excluded.opened_at),
    clicked_at = coalesce(t.clicked_at, excluded.clicked_at),
    delivered_at = coalesce(t.delivered_at, excluded.delivered_at),
    bounced_at = coalesce(t.bounced_at, excluded.bounced_at),
    bounce_class = coalesce(excluded.bounce_class, t.bounce_class),
    complained_at = coalesce(t.complained_at, excluded.complained_at),
    opens = t.opens + excluded.opens, clicks = t.clicks + excluded.clicks
"""
HANDED_OVER = """
UPDATE messages t SET status = 'handed_over', status_at = u.a, relay = u.r, reason = NULL,
       status_position = u.p, handed_over_at = u.a, handed_over_position = u.p
  FROM unnest(%b::uuid[], %b::uuid[], %b::timestamptz[], %b::bigint[], %b::text[])
       AS u(w, m, a, p, r)
 WHERE t.workspace_id = u.w AND t.message_id = u.m
"""
# What is not in the row of the message: each deferral and its kin, with the handover before it.
MARK = """
INSERT INTO message_marks (workspace_id, message_id, position, kind, at, attempt, relay, code,
    status, reason, reply, retry_at, link, handed_over_at, handed_over_position)
SELECT w, u.m, p, k, a, n, r, c, s, y, rp, ra, l, coalesce(h, t.handed_over_at),
       coalesce(hp, t.handed_over_position)
  FROM unnest(%b::uuid[], %b::uuid[], %b::bigint[], %b::text[], %b::timestamptz[], %b::int[],
       %b::text[], %b::int[], %b::text[], %b::text[], %b::text[], %b::timestamptz[], %b::int[],
       %b::timestamptz[], %b::bigint[], %b::bool[])
       AS u(w, m, p, k, a, n, r, c, s, y, rp, ra, l, h, hp, is_attempt)
  LEFT JOIN messages t ON t.workspace_id = u.w AND t.message_id = u.m AND u.is_attempt
ON CONFLICT (workspace_id, message_id, position) DO NOTHING
"""
ERASE = """
WITH gone AS (
    SELECT t.workspace_id, t.message_id FROM messages t
      JOIN unnest(%b::uuid[], %b::uuid[]) AS u(w, c)
        ON t.workspace_id = u.w AND t.contact_id = u.c
), marks AS (
    UPDATE message_marks k SET reply = NULL FROM gone g
     WHERE k.workspace_id = g.workspace_id AND k.message_id = g.message_id
)
UPDATE messages t SET reply = NULL FROM gone g
 WHERE t.workspace_id = g.workspace_id AND t.message_id = g.message_id
"""
FORGET_MARKS = """
DELETE FROM message_marks k USING messages t
 WHERE t.workspace_id = %s AND t.sent_at < %s AND t.opens + t.clicks > 0
   AND k.workspace_id = t.workspace_id AND k.message_id = t.message_id
   AND k.kind IN ('opened', 'clicked')
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
    EmailRedriven: "queued",
    EmailDiscarded: "discarded",
    EmailDelivered: "delivered",
    EmailComplained: "complained",
}
RESOLVED = {
    Resolution.DELIVERED: "delivered",
    Resolution.BOUNCED: "bounced",
    Resolution.LOST: "lost",
    Resolution.RESEND: "queued",
}
ATTEMPTS = (EmailDeferred, EmailFailed, EmailBounced, EmailUncertain)
"""Outcomes of an attempt that leave a mark; that of EmailSent is in the row itself."""
Outcome = (
    EmailSent
    | EmailDeferred
    | EmailFailed
    | EmailBounced
    | EmailUncertain
    | EmailSkipped
    | EmailRedriven
    | EmailDiscarded
    | UncertainResolved
    | EmailDelivered
    | EmailComplained
)
Row = dict[str, Any]  # columns of the table: as mixed as the table is
Key = tuple[UUID, UUID]  # workspace, message
Rows = dict[Key, Row]
Handed = dict[Key, tuple[datetime, int, str]]


class MessageLedger:
    """One row a message, and a mark for what happened to it more than once.

    `status` is queued, handed_over, sent, deferred, delivered, complained, bounced, failed,
    uncertain, lost, discarded or skipped, and `reason` says why it is not sent.
    """

    name = "message_ledger"
    version = 5
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
                "status_position bigint NOT NULL",
                "sent_position bigint",
                "handed_over_at timestamptz",
                "handed_over_position bigint",
                "delivered_at timestamptz",
                "bounced_at timestamptz",
                "bounce_class text",
                "complained_at timestamptz",
            ),
            key=("message_id",),
            indexes=(("campaign_id", "message_id"), ("contact_id", "message_id")),
        ),
        Table(
            name="message_marks",
            columns=(
                "message_id uuid NOT NULL",
                "position bigint NOT NULL",
                "kind text NOT NULL",
                "at timestamptz NOT NULL",
                "attempt integer",
                "relay text",
                "code integer",
                "status text",
                "reason text",
                "reply text",
                "retry_at timestamptz",
                "link integer",
                "handed_over_at timestamptz",
                "handed_over_position bigint",
            ),
            key=("message_id", "position"),
        ),
    )

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        """Fold each message in memory; write runs of events so that order is kept."""
        rows: Rows = {}
        handed: Handed = {}
        marks: list[tuple[Any, ...]] = []
        for recorded in events:
            match recorded.event:
                case EmailsQueued() as event:
                    _queue(rows, recorded, event)
                case HandoverStarted() as event:
                    _hand_over(rows, handed, recorded, event)
                case EmailOpened() as event:
                    _touch(_row(rows, recorded, event), recorded, "opened_at", "opens")
                    marks.append(_mark(recorded, event, "opened"))
                case LinkClicked() as event:
                    _touch(_row(rows, recorded, event), recorded, "clicked_at", "clicks")
                    marks.append(_mark(recorded, event, "clicked"))
                case (
                    EmailSent()
                    | EmailDeferred()
                    | EmailFailed()
                    | EmailBounced()
                    | EmailUncertain()
                    | EmailSkipped()
                    | EmailRedriven()
                    | EmailDiscarded()
                    | UncertainResolved()
                    | EmailDelivered()
                    | EmailComplained()
                ) as event:
                    row = _row(rows, recorded, event)
                    if not isinstance(event, EmailSent | EmailSkipped):
                        key = (recorded.workspace_id, event.message_id)
                        marks.append(_mark(recorded, event, _kind(event), row, handed.get(key)))
                    _settle(row, recorded, event)
                case EngagementForgotten() as event:
                    _write(cursor, rows, handed, marks)  # what came before it is forgotten too
                    rows, handed, marks = {}, {}, []
                    cursor.execute(FORGET_MARKS, (recorded.workspace_id, event.before))
                    cursor.execute(FORGET, (recorded.workspace_id, event.before))
                case _:
                    pass
        _write(cursor, rows, handed, marks)
        erased = [
            (recorded.workspace_id, recorded.event.contact_id)
            for recorded in events
            if isinstance(recorded.event, ContactAnonymized)
        ]
        if erased:  # what the servers said of the person, before and after in this batch
            cursor.execute(ERASE, [list(column) for column in zip(*erased, strict=True)])


def _write(
    cursor: Cursor[TupleRow], rows: Rows, handed: Handed, marks: Sequence[tuple[Any, ...]]
) -> None:
    """Write marks, which look at the rows of before; then handovers, then what came after them."""
    if marks:
        cursor.execute(MARK, [list(column) for column in zip(*marks, strict=True)])
    if handed:
        flat = [(*key, *value) for key, value in handed.items()]
        cursor.execute(HANDED_OVER, [list(column) for column in zip(*flat, strict=True)])
    if rows:
        table = [(*key, *(row[name] for name in COLUMNS)) for key, row in rows.items()]
        cursor.execute(UPSERT, [list(column) for column in zip(*table, strict=True)])


def _hand_over(rows: Rows, handed: Handed, recorded: RecordedEvent, event: HandoverStarted) -> None:
    for message in unpack_ids(event.messages):
        key = (recorded.workspace_id, message)
        if key not in rows:
            handed[key] = (recorded.recorded_at, recorded.position, event.relay)
            continue
        rows[key].update(
            status="handed_over",
            status_at=recorded.recorded_at,
            status_position=recorded.position,
            relay=event.relay,
            reason=None,
            handed_over_at=recorded.recorded_at,
            handed_over_position=recorded.position,
        )


def _kind(event: Outcome) -> str:
    match event:
        case EmailRedriven():
            return "redriven"
        case UncertainResolved():
            return "resolved"
        case _:
            return STATUS[type(event)]


def _mark(
    recorded: RecordedEvent,
    event: Outcome | EmailOpened | LinkClicked,
    kind: str,
    row: Row | None = None,
    handed: tuple[datetime, int, str] | None = None,
) -> tuple[Any, ...]:
    """Return the columns of MARK; of an attempt also when its handover began, if this batch knows.

    A report that comes later is no attempt.
    """
    is_attempt = isinstance(event, ATTEMPTS) and event.attempt > 0
    at, position = None, None
    if is_attempt and row is not None and row["handed_over_at"] is not None:
        at, position = row["handed_over_at"], row["handed_over_position"]
    elif is_attempt and handed is not None:
        at, position, _ = handed
    retry_at_ms = getattr(event, "retry_at_ms", None)
    return (
        recorded.workspace_id,
        event.message_id,
        recorded.position,
        kind,
        recorded.recorded_at,
        getattr(event, "attempt", None),
        getattr(event, "relay", None),
        getattr(event, "code", None),
        getattr(event, "status", None),
        _words(event),
        getattr(event, "reply", None),
        None if retry_at_ms is None else datetime.fromtimestamp(retry_at_ms / 1000, UTC),
        getattr(event, "link", None),
        at,
        position,
        is_attempt,
    )


def _words(event: Outcome | EmailOpened | LinkClicked) -> str | None:
    match event:
        case UncertainResolved():
            return f"{event.resolution}: {event.reason}"
        case _:
            said = getattr(event, "reason", None)
            return None if said is None else str(said)


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
    row["status"] = (
        RESOLVED[event.resolution] if isinstance(event, UncertainResolved) else STATUS[type(event)]
    )
    row["status_at"] = recorded.recorded_at
    row["status_position"] = recorded.position
    # What an outcome does not say stays as it was, here as in UPSERT: where batches are cut must
    # not show in the rows.
    row["attempt"] = max(row["attempt"] or 0, getattr(event, "attempt", 0))
    row["relay"] = getattr(event, "relay", None) or row["relay"]
    row["reply"] = getattr(event, "reply", None) or row["reply"]
    match event:
        case EmailSent():
            row["sent_at"] = row["sent_at"] or recorded.recorded_at
            row["sent_position"] = row["sent_position"] or recorded.position
            row["reason"] = None
        case EmailSkipped() | EmailUncertain() | EmailFailed() | EmailDiscarded():
            row["reason"] = str(event.reason)
        case EmailDeferred() | EmailBounced():
            row["reason"] = f"{event.code} {event.status}"
            if isinstance(event, EmailBounced):
                row["bounced_at"] = row["bounced_at"] or recorded.recorded_at
                row["bounce_class"] = str(event.bounce_class)
        case EmailDelivered():
            row["delivered_at"] = row["delivered_at"] or recorded.recorded_at
            row["reason"] = None
        case EmailComplained():
            row["complained_at"] = row["complained_at"] or recorded.recorded_at
            row["reason"] = event.feedback_type
        case UncertainResolved() | EmailRedriven():
            row["reason"] = None


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
