"""What did each contact agree to, and take back: when, where, to which words, by whose word?

The consent that came with an import is not a row of its own: every contact has one, and it stands
in the contact list and in the declaration of the import.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.contacts.events import (
    ConsentGiven,
    ContactSuppressed,
    ContactUnsubscribed,
    SuppressionImported,
    SuppressionLifted,
)
from projections.projection import RecordedEvent, Table

INSERT = """
INSERT INTO consents (workspace_id, contact_id, position, kind, source, text, campaign_id,
                      happened_at, recorded_at, actor, ip)
SELECT u.w, u.c, u.p, u.k, u.s, u.t, u.ca, u.h, u.r, c.actor, c.ip
  FROM unnest(%b::uuid[], %b::uuid[], %b::bigint[], %b::text[], %b::text[], %b::text[],
              %b::uuid[], %b::timestamptz[], %b::timestamptz[], %b::uuid[])
       AS u(w, c, p, k, s, t, ca, h, r, co)
  JOIN commits c ON c.workspace_id = u.w AND c.command_id = u.co
ON CONFLICT (workspace_id, contact_id, position) DO NOTHING
"""

_Said = tuple[str, str, str, UUID | None, datetime]  # kind, source, text, campaign, when


class ConsentHistory:
    """One row a consent that was given or withdrawn, or a suppression; nothing personal in it."""

    name = "consent_history"
    version = 2
    contexts = frozenset({"contacts"})
    opens = False
    tables = (
        Table(
            name="consents",
            columns=(
                "contact_id uuid NOT NULL",
                "position bigint NOT NULL",
                "kind text NOT NULL",
                "source text NOT NULL",
                "text text NOT NULL",
                "campaign_id uuid",
                "happened_at timestamptz NOT NULL",
                "recorded_at timestamptz NOT NULL",
                "actor text NOT NULL",
                "ip text",
            ),
            key=("contact_id", "position"),
        ),
    )

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        """Insert a row each; who asked and from where stands in the commit."""
        rows = [row for recorded in events if (row := _row(recorded))]
        if rows:
            cursor.execute(INSERT, [list(column) for column in zip(*rows, strict=True)])


def _row(recorded: RecordedEvent) -> tuple[object, ...] | None:
    at = recorded.recorded_at
    match recorded.event:
        case ConsentGiven() as event:
            said: _Said = ("given", event.source, event.text, None, event.given_at)
        case ContactUnsubscribed() as event:
            said = ("withdrawn", str(event.via), "", event.campaign_id, at)
        case ContactSuppressed() as event:
            said = ("suppressed", str(event.reason), event.detail, None, at)
        case SuppressionImported() as event:
            said = ("suppressed", str(event.reason), event.detail, None, at)
        case SuppressionLifted() as event:
            said = ("lifted", str(event.reason), event.detail, None, at)
        case _:
            return None
    place = (recorded.workspace_id, recorded.event.contact_id, recorded.position)
    return (*place, *said, at, recorded.command_id)
