"""What came of each campaign, in figures?"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.contacts.events import ContactUnsubscribed
from domain.delivery.events import (
    EmailBounced,
    EmailDeferred,
    EmailFailed,
    EmailSent,
    EmailSkipped,
    EmailsQueued,
    EmailUncertain,
)
from domain.engagement.events import EmailOpened, LinkClicked
from domain.shared.model import Event
from domain.shared.packed_ids import count_ids
from projections.projection import RecordedEvent, Table

FIGURES = (
    "queued", "sent", "deferred", "bounced", "failed", "uncertain", "skipped",
    "opens", "opened", "clicks", "clicked", "unsubscribed",
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
}
FIRST_TOUCHES = """
INSERT INTO campaign_first_touches (workspace_id, message_id, kind, campaign_id)
SELECT DISTINCT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::uuid[])
ON CONFLICT (workspace_id, message_id, kind) DO NOTHING
RETURNING workspace_id, campaign_id, kind
"""
ADD = """
INSERT INTO campaign_stats AS t (workspace_id, campaign_id, queued, sent, deferred, bounced, failed,
    uncertain, skipped, opens, opened, clicks, clicked, unsubscribed)
SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::int[], %b::int[], %b::int[], %b::int[], %b::int[],
    %b::int[], %b::int[], %b::int[], %b::int[], %b::int[], %b::int[], %b::int[])
ON CONFLICT (workspace_id, campaign_id) DO UPDATE SET
    queued = t.queued + excluded.queued, sent = t.sent + excluded.sent,
    deferred = t.deferred + excluded.deferred, bounced = t.bounced + excluded.bounced,
    failed = t.failed + excluded.failed, uncertain = t.uncertain + excluded.uncertain,
    skipped = t.skipped + excluded.skipped, opens = t.opens + excluded.opens,
    opened = t.opened + excluded.opened, clicks = t.clicks + excluded.clicks,
    clicked = t.clicked + excluded.clicked, unsubscribed = t.unsubscribed + excluded.unsubscribed
"""

Campaign = tuple[UUID, UUID]  # workspace, campaign


class CampaignStats:
    """One row a campaign. `opens` and `clicks` are hits, `opened` and `clicked` are messages.

    The second table remembers which messages were opened or clicked before.
    """

    name = "campaign_stats"
    version = 1
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
            elif campaign_id and (figure := COUNTED.get(type(event))):
                sums[recorded.workspace_id, campaign_id][figure] += 1
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


def _touches(events: Sequence[RecordedEvent]) -> Iterator[tuple[UUID, UUID, str, UUID]]:
    for recorded in events:
        match recorded.event:
            case EmailOpened(message_id=message_id, campaign_id=campaign_id):
                yield recorded.workspace_id, message_id, "opened", campaign_id
            case LinkClicked(message_id=message_id, campaign_id=campaign_id):
                yield recorded.workspace_id, message_id, "clicked", campaign_id
            case _:
                pass
