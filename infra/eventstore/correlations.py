"""Which request an event goes back to: the correlation id of its commit."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from infra.eventstore.reader import LogRow

MOST = 200
"""Commits of a page that are looked up: a relay that is far behind has other things to do."""
_OF_COMMANDS = """
SELECT c.command_id, c.correlation_id FROM unnest(%b::uuid[], %b::uuid[]) AS u(w, c)
  JOIN commits c ON c.workspace_id = u.w AND c.command_id = u.c
"""
_AT = """
SELECT c.correlation_id FROM events e JOIN commits c USING (workspace_id, command_id)
 WHERE e.position = %s AND e.workspace_id = %s
"""


def correlations_of(
    connection: Connection[TupleRow], rows: Sequence[LogRow]
) -> Mapping[UUID, UUID]:
    """Return correlation ids by command id, of at most the first 200 commits."""
    commits: dict[tuple[UUID, UUID], None] = {}
    for row in rows:
        commits[row.workspace_id, row.command_id] = None
        if len(commits) == MOST:
            break
    workspaces, commands = zip(*commits, strict=True) if commits else ((), ())
    found = connection.execute(_OF_COMMANDS, (list(workspaces), list(commands)), binary=True)
    return dict(found.fetchall())


def correlation_at(cursor: Cursor[TupleRow], workspace_id: UUID, position: int) -> UUID | None:
    """Return the correlation id of the event at a position."""
    row = cursor.execute(_AT, (position, workspace_id)).fetchone()
    return row[0] if row else None
