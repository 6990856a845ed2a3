"""After a restore: followers that say they have seen what the log does not have.

Nothing below the log's end is lost to them: relay and policies go on from there. A read model has
effects of events that are gone, and is rebuilt (see `Crew.rota` and `workers/renewals.py`).
"""

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

log = structlog.get_logger()

_RELAY = """
UPDATE relay_cursor SET position = log_head(), updated_at = clock_timestamp(),
       published = (SELECT coalesce(jsonb_object_agg(key, least(value::bigint, log_head())), '{}')
                      FROM jsonb_each_text(published))
 WHERE position > log_head() RETURNING 'relay'
"""
_POLICIES = """
UPDATE policy_cursors SET position = log_head(), updated_at = clock_timestamp()
 WHERE position > log_head() RETURNING policy
"""
_GHOSTS = (
    "DELETE FROM parked_events WHERE position > log_head()",
    "DELETE FROM skipped_events WHERE position > log_head()",
)
_PROJECTIONS = """
SELECT DISTINCT name FROM projections WHERE active AND position > log_head() ORDER BY name
"""


def bring_back(connection: Connection[TupleRow]) -> list[str]:
    """Set relay and policies back to the end of the log; return who was ahead of it.

    Projections are only named: they are rebuilt. `connection` is a worker's. Safe to run at any
    time, and again: nobody can be ahead of a log that was not restored.
    """
    with connection.transaction():
        ahead = [
            row[0]
            for query in (_RELAY, _POLICIES, _PROJECTIONS)
            for row in connection.execute(query).fetchall()
        ]
        if ahead:
            for query in _GHOSTS:
                connection.execute(query)
    if ahead:
        log.warning("followers_ahead_of_the_log", followers=ahead)
    return ahead
