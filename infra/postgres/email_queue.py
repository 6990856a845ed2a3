"""The queue of messages without a final outcome: claim, hand over, settle, recover.

A row is in phase 0 (queued) or 1 (handed over: the wire may have it). A dispatcher owns the rows
that carry its id for as long as its own row in `dispatchers` is alive by the database's clock.
Rows are only ever changed in the transaction that records what happened.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from infra.eventstore.correlations import correlation_at
from infra.postgres.campaign_runs import CampaignRun
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import enter, tenant_scope

_CLAIM = """
SELECT t.message_id, t.contact_id, t.attempt, c.email, c.first_name, c.last_name,
       c.fields::text,
       (SELECT max(d.reason) FROM stops_in_force d
         WHERE d.workspace_id = %(workspace_id)s AND d.contact_id = t.contact_id),
       clock_timestamp(), t.life_from
  FROM claim_messages(%(workspace_id)s, %(campaign_id)s, %(destination)s, %(owner)s, %(limit)s) t
  LEFT JOIN contacts c ON c.workspace_id = %(workspace_id)s AND c.contact_id = t.contact_id
"""
_HAND_OVER = """
WITH moved AS (
    UPDATE email_tasks t SET phase = 1, attempt = t.attempt + 1, relay = %(relay)s
      FROM unnest(%(messages)s::uuid[]) AS u(message_id)
     WHERE t.workspace_id = %(workspace_id)s AND t.message_id = u.message_id
       AND t.phase = 0 AND t.locked_by = %(owner)s
    RETURNING 1
)
SELECT count(*) FROM moved
"""
# What one relay provably did not get goes to another one.
_ANOTHER_WAY = """
UPDATE email_tasks t SET relay = %(relay)s
  FROM unnest(%(messages)s::uuid[]) AS u(message_id)
 WHERE t.workspace_id = %(workspace_id)s AND t.message_id = u.message_id
   AND t.phase = 1 AND t.locked_by = %(owner)s
"""
_STOPPED = """
SELECT d.contact_id, max(d.reason) FROM stops_in_force d
 WHERE d.workspace_id = %(workspace_id)s AND d.contact_id = ANY(%(contacts)s) GROUP BY 1
"""
_RELEASE = """
UPDATE email_tasks SET locked_by = NULL
 WHERE workspace_id = %(workspace_id)s AND message_id = ANY(%(messages)s)
   AND phase = 0 AND locked_by = %(owner)s
"""
_REMOVE = """
DELETE FROM email_tasks t USING unnest(%(messages)s::uuid[]) AS u(message_id)
 WHERE t.workspace_id = %(workspace_id)s AND t.message_id = u.message_id
   AND t.locked_by = %(owner)s
"""
_DEFER = """
UPDATE email_tasks t SET phase = 0, locked_by = NULL, due_at = u.due_at
  FROM unnest(%(messages)s::uuid[], %(due)s::timestamptz[]) AS u(message_id, due_at)
 WHERE t.workspace_id = %(workspace_id)s AND t.message_id = u.message_id
   AND t.phase = 1 AND t.locked_by = %(owner)s
"""
_GATE = """
SELECT CASE WHEN is_stopped(workspace_id, campaign_id, sending_domain) THEN 'stopped' ELSE gate END
  FROM campaign_runs WHERE workspace_id = %(workspace_id)s AND campaign_id = %(campaign_id)s
"""
_CANCELLED = """
SELECT message_id, contact_id FROM email_tasks
 WHERE workspace_id = %(workspace_id)s AND campaign_id = %(campaign_id)s
   AND phase = 0 AND locked_by IS NULL LIMIT %(limit)s
"""
_CANCEL = """
WITH gone AS (
    DELETE FROM email_tasks t USING unnest(%(messages)s::uuid[]) AS u(message_id)
     WHERE t.workspace_id = %(workspace_id)s AND t.message_id = u.message_id
       AND t.phase = 0 AND t.locked_by IS NULL
    RETURNING 1
)
SELECT count(*) FROM gone
"""


class Claimed(msgspec.Struct, frozen=True):
    """A task of ours, with what is known of the person; `email` is None for nobody any more.

    `life_from` is when it was queued again; None for one whose retry life began at the launch.
    """

    message_id: UUID
    contact_id: UUID
    attempt: int
    email: str | None
    first_name: str | None
    last_name: str | None
    fields: str | None
    stopped: str | None
    claimed_at: datetime
    life_from: datetime | None = None


class EmailQueue:
    """The tasks as one dispatcher sees them; `owner` is its id."""

    def __init__(self, pool: Pool, *, owner: UUID) -> None:
        self._pool = pool
        self.owner = owner

    def claim(self, run: CampaignRun, *, limit: int) -> Sequence[Claimed]:
        """Take up to `limit` due messages to the run's destination, as many as its lane allows.

        None when the gate is not open at this moment, or a kill switch is on.
        """
        values = {
            "workspace_id": run.workspace_id,
            "campaign_id": run.campaign_id,
            "destination": run.destination,
            "owner": self.owner,
            "limit": limit,
        }
        with tenant_scope(self._pool, run.workspace_id) as cursor:
            return [Claimed(*row) for row in cursor.execute(_CLAIM, values).fetchall()]

    def release(self, workspace_id: UUID, messages: Sequence[UUID]) -> None:
        """Give queued messages back, as if they had never been claimed."""
        values = {"workspace_id": workspace_id, "messages": list(messages), "owner": self.owner}
        with tenant_scope(self._pool, workspace_id) as cursor:
            cursor.execute(_RELEASE, values)

    def last_look(self, run: CampaignRun, contacts: Sequence[UUID]) -> tuple[str, dict[UUID, str]]:
        """Return the gate, and who of these may not be mailed and why: just before MAIL FROM.

        The gate is `stopped` while a kill switch is on.
        """
        values = {
            "workspace_id": run.workspace_id,
            "campaign_id": run.campaign_id,
            "contacts": list(contacts),
        }
        with self._pool.connection() as connection, connection.pipeline():
            # Until its end a pipeline in autocommit is one transaction: all in one round trip.
            enter(connection.cursor(), run.workspace_id)
            stopped = connection.execute(_STOPPED, values)
            gate = connection.execute(_GATE, values)
            row = gate.fetchone()
            return (str(row[0]) if row else "closed"), dict(stopped.fetchall())

    def correlation_at(self, workspace_id: UUID, position: int) -> UUID | None:
        """Return the request that the event at this position goes back to."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            return correlation_at(cursor, workspace_id, position)

    def hand_over(self, workspace_id: UUID, messages: Sequence[UUID], *, relay: str) -> SqlEffect:
        """Return the effect of HandoverStarted; StaleStateError unless all are still ours."""
        values = self._handed(workspace_id, messages, relay)
        return SqlEffect(_HAND_OVER, values, must_change=len(messages))

    def hand_another_way(
        self, workspace_id: UUID, messages: Sequence[UUID], *, relay: str
    ) -> SqlEffect:
        """Return the effect of a further HandoverStarted: another relay has them now."""
        return SqlEffect(_ANOTHER_WAY, self._handed(workspace_id, messages, relay))

    def _handed(
        self, workspace_id: UUID, messages: Sequence[UUID], relay: str
    ) -> dict[str, object]:
        return {
            "workspace_id": workspace_id,
            "messages": list(messages),
            "owner": self.owner,
            "relay": relay,
        }

    def remove(self, workspace_id: UUID, messages: Sequence[UUID]) -> SqlEffect:
        """Return the effect of final outcomes."""
        return SqlEffect(
            _REMOVE,
            {"workspace_id": workspace_id, "messages": list(messages), "owner": self.owner},
        )

    def defer(self, workspace_id: UUID, due: Sequence[tuple[UUID, datetime]]) -> SqlEffect:
        """Return the effect of EmailDeferred: queued again, due later."""
        return SqlEffect(
            _DEFER,
            {
                "workspace_id": workspace_id,
                "messages": [message for message, _ in due],
                "due": [at for _, at in due],
                "owner": self.owner,
            },
        )


def cancelled_tasks(pool: Pool, run: CampaignRun, *, limit: int) -> Sequence[tuple[UUID, UUID]]:
    """Return (message, contact) of queued messages of a cancelled campaign."""
    values = {
        "workspace_id": run.workspace_id,
        "campaign_id": run.campaign_id,
        "limit": limit,
    }
    with tenant_scope(pool, run.workspace_id) as cursor:
        return [(m, c) for m, c in cursor.execute(_CANCELLED, values).fetchall()]


def cancel_tasks(workspace_id: UUID, messages: Sequence[UUID]) -> SqlEffect:
    """Return the effect of skipping them; StaleStateError when a dispatcher took one meanwhile."""
    return SqlEffect(
        _CANCEL,
        {"workspace_id": workspace_id, "messages": list(messages)},
        must_change=len(messages),
    )
