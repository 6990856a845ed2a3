"""Which campaigns are there, and where is each in its life?"""

from collections.abc import Sequence
from typing import LiteralString

import msgspec
from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.campaigns.events import (
    AudienceFrozen,
    CampaignCancelled,
    CampaignCompleted,
    CampaignDeleted,
    CampaignDrafted,
    CampaignLaunched,
    CampaignPaused,
    CampaignPurged,
    CampaignRestored,
    CampaignResumed,
    CampaignRevised,
    CampaignScheduled,
    CampaignUnscheduled,
)
from domain.shared.model import Event
from projections.projection import RecordedEvent, Table

DRAFT = """
INSERT INTO campaigns (workspace_id, campaign_id, name, template_id, status, drafted_at, updated_at,
                       position)
VALUES (%(workspace_id)s, %(campaign_id)s, %(name)s, %(template_id)s, 'draft', %(at)s, %(at)s,
        %(position)s)
ON CONFLICT (workspace_id, campaign_id) DO NOTHING
"""
CHANGES: dict[type[Event], LiteralString] = {
    CampaignRevised: "name = %(name)s, template_id = %(template_id)s, subject = %(subject)s,"
    " sender_name = %(sender_name)s, sender_address = %(sender_address)s,"
    " reply_to = %(reply_to)s, version = %(version)s, updated_at = %(at)s",
    CampaignScheduled: "status = 'scheduled', send_at = %(send_at)s, snapshot = %(snapshot)s,"
    " sandbox = %(sandbox)s, scheduled_at = %(at)s",
    CampaignUnscheduled: "status = 'draft', send_at = NULL, snapshot = NULL, sandbox = false,"
    " scheduled_at = NULL",
    CampaignLaunched: "status = 'running', launched_at = %(launched_at)s",
    AudienceFrozen: "audience = %(queued)s + %(skipped)s",
    CampaignPaused: "status = 'paused'",
    CampaignResumed: "status = 'running'",
    CampaignCancelled: "status = 'cancelled', ended_at = %(at)s",
    CampaignCompleted: "status = 'completed', ended_at = %(at)s",
    CampaignDeleted: "deleted_at = %(at)s",
    CampaignRestored: "deleted_at = NULL",
}
WHERE = " WHERE workspace_id = %(workspace_id)s AND campaign_id = %(campaign_id)s"


class CampaignList:
    """One row a campaign; none of a purged one."""

    name = "campaign_list"
    version = 3
    contexts = frozenset({"campaigns"})
    opens = False
    tables = (
        Table(
            name="campaigns",
            columns=(
                "campaign_id uuid NOT NULL",
                "name text NOT NULL",
                "template_id uuid NOT NULL",
                "version integer NOT NULL DEFAULT 1",
                "subject text NOT NULL DEFAULT ''",
                "sender_name text NOT NULL DEFAULT ''",
                "sender_address text NOT NULL DEFAULT ''",
                "reply_to text NOT NULL DEFAULT ''",
                "status text NOT NULL",
                "snapshot text",
                "sandbox boolean NOT NULL DEFAULT false",
                "audience integer",
                "send_at timestamptz",
                "scheduled_at timestamptz",
                "drafted_at timestamptz NOT NULL",
                "updated_at timestamptz NOT NULL",
                "launched_at timestamptz",
                "ended_at timestamptz",
                "position bigint NOT NULL",
                "deleted_at timestamptz",
            ),
            key=("campaign_id",),
            indexes=(("position",), ("template_id",)),
        ),
    )

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        """Change row by row: campaigns are few, what they cause is in other models."""
        for recorded in events:
            event = recorded.event
            values = msgspec.structs.asdict(event)
            values |= {
                "workspace_id": recorded.workspace_id,
                "at": recorded.recorded_at,
                "position": recorded.position,
            }
            if isinstance(event, CampaignDrafted):
                cursor.execute(DRAFT, values)
            elif isinstance(event, CampaignPurged):
                cursor.execute("DELETE FROM campaigns" + WHERE, values)
            elif change := CHANGES.get(type(event)):
                cursor.execute("UPDATE campaigns SET " + change + WHERE, values)
