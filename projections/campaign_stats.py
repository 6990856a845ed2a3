"""What came of each campaign, in figures?"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.contacts.events import ContactUnsubscribed
from domain.delivery.bounce_class import BounceSource
from domain.delivery.bounce_events import EmailComplained, EmailDelivered
from domain.delivery.events import (
    EmailBounced,
    EmailDeferred,
    EmailFailed,
    EmailSent,
    EmailSkipped,
    EmailsQueued,
    EmailUncertain,
)
from domain.delivery.outcome_events import EmailRedriven, Resolution, UncertainResolved
from domain.engagement.events import EmailOpened, LinkClicked
from domain.shared.model import Event
from domain.shared.packed_ids import count_ids
from projections.projection import RecordedEvent, Table

FIGURES = (
    "queued", "sent", "deferred", "bounced", "failed", "uncertain", "skipped",
    "opens", "opened", "clicks", "clicked", "unsubscribed", "redriven", "resolved",
    "delivered", "bounced_later", "complained",
)  # fmt: skip
FINAL = ("sent", "bounced", "failed", "uncertain", "skipped")
"""Figures that add up to the audience once everybody has an outcome."""
COUNTED: dict[type[Event], str] = {
    EmailSent: "sent",
    EmailDeferred: "deferred",
    EmailBounced: "bounced",
    EmailFailed: "failed",
    EmailUncertain: "uncertain",
    EmailSkipped: "skipped",
    EmailOpened: "opens",
    LinkClicked: "clicks",
    ContactUnsubscribed: "unsubscribed",
    EmailRedriven: "redriven",
    UncertainResolved: "resolved",
    EmailDelivered: "delivered",
    EmailComplained: "complained",
}
FIRST_TOUCHES = """
INSERT INTO campaign_first_touches (workspace_id, message_id, kind, campaign_id)
SELECT DISTINCT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::uuid[])
ON CONFLICT (workspace_id, message_id, kind) DO NOTHING
RETURNING workspace_id, campaign_id, kind
"""
ADD = """
INSERT INTO campaign_stats AS t (workspace_id, campaign_id, queued, sent, deferred, bounced, failed,
    uncertain, skipped, opens, opened, clicks, clicked, unsubscribed, redriven, resolved,
    delivered, bounced_later, complained)
SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::int[], %b::int[], %b::int[], %b::int[], %b::int[],
    %b::int[], %b::int[], %b::int[], %b::int[], %b::int[], %b::int[], %b::int[], %b::int[],
    %b::int[], %b::int[], %b::int[], %b::int[])
ON CONFLICT (workspace_id, campaign_id) DO UPDATE SET
    queued = t.queued + excluded.queued, sent = t.sent + excluded.sent,
    deferred = t.deferred + excluded.deferred, bounced = t.bounced + excluded.bounced,
    failed = t.failed + excluded.failed, uncertain = t.uncertain + excluded.uncertain,
    skipped = t.skipped + excluded.skipped, opens = t.opens + excluded.opens,
    opened = t.opened + excluded.opened, clicks = t.clicks + excluded.clicks,
    clicked = t.clicked + excluded.clicked, unsubscribed = t.unsubscribed + excluded.unsubscribed,
    redriven = t.redriven + excluded.redriven, resolved = t.resolved + excluded.resolved,
    delivered = t.delivered + excluded.delivered,
    bounced_later = t.bounced_later + excluded.bounced_later,
    complained = t.complained + excluded.complained
"""
SKIPS = """
INSERT INTO campaign_skips AS t (workspace_id, campaign_id, reason, messages)
SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::int[])
ON CONFLICT (workspace_id, campaign_id, reason) DO UPDATE
   SET messages = t.messages + excluded.messages
"""
PACE = """
INSERT INTO campaign_pace AS t (workspace_id, campaign_id, second, sent, unreached)
SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::timestamptz[], %b::int[], %b::int[])
ON CONFLICT (workspace_id, campaign_id, second) DO UPDATE
   SET sent = t.sent + excluded.sent, unreached = t.unreached + excluded.unreached
"""

Campaign = tuple[UUID, UUID]  # workspace, campaign


class CampaignStats:
    """One row a campaign. `opens` and `clicks` are hits, `opened` and `clicked` are messages.

    `bounced` was refused in the conversation with the relay, `bounced_later` was sent before.
    A message that was re-driven or sent again is not counted as failed or uncertain any more. The
    other tables remember which messages were opened or clicked before, why people were skipped,
    and what happened in each second.
    """

    name = "campaign_stats"
    version = 3
    contexts = frozenset({"delivery", "engagement", "contacts"})
    opens = False
    tables = (
        Table(
            name="campaign_stats",
            columns=("campaign_id uuid NOT NULL", *(f"{f} integer NOT NULL" for f in FIGURES)),
            key=("campaign_id",),
        ),
        Table(
            name="campaign_first_touches",
            columns=("message_id uuid NOT NULL", "kind text NOT NULL", "campaign_id uuid NOT NULL"),
            key=("message_id", "kind"),
        ),
        Table(
            name="campaign_skips",
            columns=(
                "campaign_id uuid NOT NULL",
                "reason text NOT NULL",
                "messages integer NOT NULL",
            ),
            key=("campaign_id", "reason"),
        ),
        Table(
            name="campaign_pace",
            columns=(
                "campaign_id uuid NOT NULL",
                "second timestamptz NOT NULL",
                "sent integer NOT NULL",
                "unreached integer NOT NULL",
            ),
            key=("campaign_id", "second"),
        ),
    )

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        """Count in memory, then add once a campaign."""
        sums: defaultdict[Campaign, Counter[str]] = defaultdict(Counter)
        for recorded in events:
            event = recorded.event
            campaign_id = getattr(event, "campaign_id", None)
            if isinstance(event, EmailsQueued):
                sums[recorded.workspace_id, event.campaign_id]["queued"] += count_ids(
                    event.recipients
                )
            elif isinstance(event, EmailBounced) and event.source is BounceSource.DSN:
                pass  # counted once a message, whatever the classes
            elif campaign_id and (figure := COUNTED.get(type(event))):
                sums[recorded.workspace_id, campaign_id][figure] += 1
                if took_back := _takes_back(event):
                    sums[recorded.workspace_id, campaign_id][took_back] -= 1
        _count_pace(events, cursor)
        touches = list(_touches(events))
        if touches:
            cursor.execute(FIRST_TOUCHES, [list(column) for column in zip(*touches, strict=True)])
            for workspace_id, campaign_id, kind in cursor.fetchall():
                sums[workspace_id, campaign_id][kind] += 1
        if sums:
            rows = [
                (*campaign, *(counts[figure] for figure in FIGURES))
                for campaign, counts in sorted(sums.items())
            ]
            cursor.execute(ADD, [list(column) for column in zip(*rows, strict=True)])


def _takes_back(event: Event) -> str | None:
    """Return the final figure that a message leaves which is queued again."""
    match event:
        case EmailRedriven():
            return "failed"
        case UncertainResolved(resolution=Resolution.RESEND):
            return "uncertain"
        case _:
            return None


def _count_pace(events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
    """Count skips by reason, and by the second what the relay took and what never reached it."""
    skips = Counter[tuple[UUID, UUID, str]]()
    pace: defaultdict[tuple[UUID, UUID, datetime], list[int]] = defaultdict(lambda: [0, 0])
    for recorded in events:
        event, second = recorded.event, recorded.recorded_at.replace(microsecond=0)
        match event:
            case EmailSkipped():
                skips[recorded.workspace_id, event.campaign_id, str(event.reason)] += 1
            case EmailSent():
                pace[recorded.workspace_id, event.campaign_id, second][0] += 1
            case EmailDeferred(code=0):
                pace[recorded.workspace_id, event.campaign_id, second][1] += 1
            case _:
                pass
    if skips:
        rows = [(*key, count) for key, count in sorted(skips.items())]
        cursor.execute(SKIPS, [list(column) for column in zip(*rows, strict=True)])
    if pace:
        paced = [(*key, *counts) for key, counts in sorted(pace.items())]
        cursor.execute(PACE, [list(column) for column in zip(*paced, strict=True)])


def _touches(events: Sequence[RecordedEvent]) -> Iterator[tuple[UUID, UUID, str, UUID]]:
    for recorded in events:
        match recorded.event:
            case EmailOpened(message_id=message_id, campaign_id=campaign_id):
                yield recorded.workspace_id, message_id, "opened", campaign_id
            case LinkClicked(message_id=message_id, campaign_id=campaign_id):
                yield recorded.workspace_id, message_id, "clicked", campaign_id
            case EmailBounced(
                message_id=message_id, campaign_id=campaign_id, source=BounceSource.DSN
            ):
                yield recorded.workspace_id, message_id, "bounced_later", campaign_id
            case _:
                pass
