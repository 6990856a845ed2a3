"""After a restore the log goes on in a new range of positions, and nobody stands ahead of it.

Positions above the backup's may have been given before: JetStream, exports and clients know
events under them that this log has lost. None of them is ever given again.
"""

import psycopg

GENERATION = 1_000_000_000
"""Positions a restore leaves at least; more than any log loses between two backups."""
_HEAD = "SELECT coalesce(max(position), 0) FROM events"
_JUMP = """
SELECT setval('log_position', (greatest(log_head(), %(head)s) / %(step)s + 1) * %(step)s)
"""
_BACK = (
    "UPDATE relay_cursor SET position = %(head)s, published = '{}' WHERE position > %(head)s",
    "UPDATE policy_cursors SET position = %(head)s WHERE position > %(head)s",
    "UPDATE projections SET position = 0 WHERE position > %(head)s",
    "UPDATE sealer_cursor SET position = %(head)s WHERE position > %(head)s",
    "DELETE FROM heartbeats",
    "DELETE FROM dispatchers",
)


def new_generation(database_url: str) -> int:
    """Raise the sequence, take back cursors that are ahead; return the log's last position."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(_HEAD).fetchone()
        head = int(row[0]) if row else 0
        for statement in _BACK:
            connection.execute(statement.encode(), {"head": head})
        connection.execute(_JUMP, {"head": head, "step": GENERATION})
    return head
