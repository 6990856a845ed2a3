"""Who made the events of a page: the rows of `commits`."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from infra.eventstore.reader import LogRow


class CommitRow(NamedTuple):
    """One append as it is stored."""

    workspace_id: UUID
    command_id: UUID
    actor: str
    correlation_id: UUID
    causation_id: UUID | None
    ip: str | None
    command: str
    event_count: int
    first_position: int
    last_position: int
    digest: bytes
    recorded_at: datetime


_COMMITS = """
SELECT workspace_id, command_id, actor, correlation_id, causation_id, ip, command, event_count,
       first_position, last_position, digest, recorded_at
  FROM commits
  JOIN unnest(%b::uuid[], %b::uuid[]) AS wanted (workspace_id, command_id)
 USING (workspace_id, command_id)
"""


def commits_of(
    connection: Connection[TupleRow], page: Sequence[LogRow]
) -> dict[tuple[UUID, UUID], CommitRow]:
    """Return the commits of a page's events by (workspace, command)."""
    wanted = {(row.workspace_id.int, row.command_id.int): row for row in page}.values()
    asked = [row.workspace_id for row in wanted], [row.command_id for row in wanted]
    cursor = connection.cursor(binary=True)
    cursor.execute(_COMMITS, asked, prepare=True)
    return {(row[0], row[1]): CommitRow(*row) for row in cursor.fetchall()}
