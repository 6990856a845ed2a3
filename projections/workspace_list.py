"""Which workspaces are there, and as whom do they send?"""

from collections.abc import Sequence

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.tenancy.events import WorkspaceCreated
from projections.projection import RecordedEvent, Table

INSERT = """
INSERT INTO workspaces (workspace_id, name, sender_name, sender_address, postal_address, created_at)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id) DO NOTHING
"""


class WorkspaceList:
    """One row a workspace."""

    name = "workspace_list"
    version = 1
    contexts = frozenset({"tenancy"})
    opens = False
    tables = (
        Table(
            name="workspaces",
            columns=(
                "name text NOT NULL",
                "sender_name text NOT NULL",
                "sender_address text NOT NULL",
                "postal_address text NOT NULL",
                "created_at timestamptz NOT NULL",
            ),
            key=(),
        ),
    )

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        """Insert row by row."""
        for recorded in events:
            event = recorded.event
            if isinstance(event, WorkspaceCreated):
                cursor.execute(
                    INSERT,
                    (
                        recorded.workspace_id,
                        event.name,
                        event.sender_name,
                        event.sender_address,
                        event.postal_address,
                        recorded.recorded_at,
                    ),
                )
