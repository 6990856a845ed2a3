"""Queue messages again that are over, in the transaction of the fact that says so."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

import msgspec
from psycopg import Cursor

from domain.shared.errors import ConcurrentChangeError

# `taken` stands before it: message_id, campaign_id, contact_id and attempt of what is queued.
# The run is always changed, so that whoever closes it at the same time has to look again.
QUEUE_TAKEN: LiteralString = """, runs AS (
    UPDATE campaign_runs r
       SET reopened = r.reopened + 1, gate = CASE r.gate WHEN 'closed' THEN 'open' ELSE r.gate END
      FROM (SELECT DISTINCT campaign_id FROM taken) t
     WHERE r.workspace_id = %(workspace_id)s AND r.campaign_id = t.campaign_id
       AND (r.gate IN ('open', 'paused')
            OR (r.gate = 'closed' AND r.campaign_id = ANY(%(completed)s::uuid[])))
    RETURNING r.campaign_id
), placed AS (
    SELECT t.*, coalesce(p.destination, 'other') AS destination
      FROM taken t JOIN runs USING (campaign_id)
      LEFT JOIN contacts c ON c.workspace_id = %(workspace_id)s AND c.contact_id = t.contact_id
      LEFT JOIN destination_domains p ON p.domain = lower(split_part(c.email, '@', 2))
), goes_to AS (
    INSERT INTO campaign_destinations (workspace_id, campaign_id, destination)
    SELECT DISTINCT %(workspace_id)s::uuid, campaign_id, destination FROM placed
    ON CONFLICT DO NOTHING
), queued AS (
    INSERT INTO email_tasks (workspace_id, message_id, campaign_id, contact_id, destination,
                             due_at, attempt, life_from)
    SELECT %(workspace_id)s, message_id, campaign_id, contact_id, destination, clock_timestamp(),
           attempt, clock_timestamp()
      FROM placed
    RETURNING 1
)
SELECT count(*) FROM queued
"""


class Settling(msgspec.Struct, frozen=True):
    """A statement that answers how many messages it changed; all of them, or the append fails."""

    statement: LiteralString
    params: dict[str, object]
    messages: Sequence[UUID]

    def apply(self, cursor: object) -> None:
        """See `commands.ports.Effect.apply`. Raises ConcurrentChangeError."""
        if not isinstance(cursor, Cursor):
            raise TypeError("effects of Postgres need its cursor")
        row = cursor.execute(
            self.statement, self.params | {"messages": list(self.messages)}
        ).fetchone()
        if row is None or row[0] != len(self.messages):
            raise ConcurrentChangeError(
                "somebody else settled this, or the campaign changed, meanwhile: look again"
            )
