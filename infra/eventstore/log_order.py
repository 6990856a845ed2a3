"""Check the log's order: positions, stream versions, commits against their events."""

from uuid import UUID

import msgspec

from infra.eventstore.archive import archived_commands
from infra.postgres.connections import Pool

CHECKS = {
    "a position is used twice": """
        SELECT count(*) FROM (SELECT position FROM events GROUP BY position HAVING count(*) > 1) x
    """,
    "a stream's versions are not 1..n": """
        SELECT count(*) FROM (
            SELECT FROM events WHERE kind = 'd' GROUP BY workspace_id, stream_id
            HAVING min(version) <> 1 OR max(version) <> count(*)
                OR count(DISTINCT version) <> count(*)
        ) x
    """,
    "a stream's versions do not follow its positions": """
        SELECT count(*) FROM (
            SELECT version < lag(version) OVER stream AS backwards
              FROM events WHERE kind = 'd'
            WINDOW stream AS (PARTITION BY workspace_id, stream_id ORDER BY position)
        ) x WHERE backwards
    """,
    "a commit does not match its events": """
        SELECT count(*) FROM commits c FULL JOIN (
            SELECT workspace_id, command_id, sum(events) AS events, min(first) AS first,
                   max(last) AS last
              FROM (SELECT workspace_id, command_id, count(*) AS events, min(position) AS first,
                           max(position) AS last
                      FROM events GROUP BY workspace_id, command_id
                     UNION ALL
                    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[],
                                         %s::bigint[])) parts
             GROUP BY workspace_id, command_id
        ) e USING (workspace_id, command_id)
        WHERE coalesce(c.event_count, -1) <> coalesce(e.events, 0)
           OR (e.events > 0 AND (c.first_position <> e.first OR c.last_position <> e.last))
    """,
}


class LogOrder(msgspec.Struct, frozen=True):
    """What a check found; no faults means the order holds."""

    events: int
    commits: int
    faults: list[str]

    @property
    def ok(self) -> bool:
        """The order holds."""
        return not self.faults


def check_order(pool: Pool) -> LogOrder:
    """Check everything in one snapshot; reads the whole log, of archived months the commands.

    Raises ArchiveError when the file of an archived month is missing or damaged.
    """
    with pool.connection() as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SET LOCAL statement_timeout = 0")
        # Before the snapshot: no month leaves for the archive while it is being checked.
        connection.execute("LOCK TABLE events IN ACCESS SHARE MODE")
        archived, commands = archived_commands(connection)
        counted = connection.execute(
            "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM commits)"
        ).fetchone()
        faults = []
        for sentence, query in CHECKS.items():
            arguments = _columns(commands) if "%s" in query else None
            row = connection.execute(query.encode(), arguments).fetchone()
            if row and row[0]:
                faults.append(f"{sentence} ({row[0]} times)")
    events, commits = counted or (0, 0)
    return LogOrder(events + archived, commits, faults)


def _columns(commands: list[tuple[UUID, UUID, int, int, int]]) -> list[list[object]]:
    return [[row[at] for row in commands] for at in range(5)]
