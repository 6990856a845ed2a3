"""Who must not be mailed, since when, and why?"""

from collections.abc import Sequence

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.contacts.events import ContactSuppressed, ContactUnsubscribed
from projections.projection import RecordedEvent, Table

INSERT = """
INSERT INTO suppressions (workspace_id, contact_id, reason, detail, campaign_id, since, position)
SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::text[], %b::uuid[],
                     %b::timestamptz[], %b::bigint[])
ON CONFLICT (workspace_id, contact_id, reason) DO NOTHING
"""


class SuppressionList:
    """One row a contact and reason; the reason is unsubscribed, hard_bounce or manual."""

    name = "suppression_list"
    version = 1
    contexts = frozenset({"contacts"})
    opens = False
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
            ),
            key=("contact_id", "reason"),
            indexes=(("position",),),
        ),
    )

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        """Insert each new reason."""
        rows = [row for recorded in events if (row := _row(recorded))]
        if rows:
            cursor.execute(INSERT, [list(column) for column in zip(*rows, strict=True)])


def _row(recorded: RecordedEvent) -> tuple[object, ...] | None:
    place = (recorded.recorded_at, recorded.position)
    match recorded.event:
        case ContactUnsubscribed() as event:
            return (
                recorded.workspace_id,
                event.contact_id,
                "unsubscribed",
                str(event.via),
                event.campaign_id,
                *place,
            )
        case ContactSuppressed() as event:
            return (
                recorded.workspace_id,
                event.contact_id,
                str(event.reason),
                event.detail,
                None,
                *place,
            )
        case _:
            return None
