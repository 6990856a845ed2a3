"""Messages whose handover had no answer, until somebody knows what became of them."""

from collections.abc import Collection, Sequence
from typing import LiteralString
from uuid import UUID

from domain.delivery.outcome_events import Resolution
from domain.delivery.uncertain import Uncertain
from infra.postgres.connections import Pool
from infra.postgres.requeueing import QUEUE_TAKEN, Settling
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

# Before the task goes: what it says of a message that is still the dispatcher's is what happened.
_ADD = """
INSERT INTO uncertain_messages AS m (workspace_id, message_id, campaign_id, contact_id, attempt,
                                     resolution, settled_at)
SELECT workspace_id, message_id, campaign_id, contact_id, attempt, %(resolution)s::text,
       CASE WHEN %(resolution)s::text IS NOT NULL THEN clock_timestamp() END
  FROM email_tasks
 WHERE workspace_id = %(workspace_id)s AND message_id = ANY(%(messages)s) AND phase = 1
   AND locked_by = %(owner)s
ON CONFLICT (workspace_id, message_id) DO UPDATE
   SET attempt = excluded.attempt, since = excluded.since, resolution = excluded.resolution,
       settled_by = NULL, settled_at = excluded.settled_at
 WHERE m.attempt < excluded.attempt
"""
_ONE = """
SELECT m.message_id, m.campaign_id, m.contact_id, m.attempt, m.resolution, m.settled_by,
       (SELECT max(d.reason) FROM stops_in_force d
         WHERE d.workspace_id = m.workspace_id AND d.contact_id = m.contact_id)
  FROM uncertain_messages m
 WHERE m.workspace_id = %(workspace_id)s AND m.message_id = %(message_id)s
"""
_SETTLE: LiteralString = """
WITH taken AS (
    UPDATE uncertain_messages m
       SET resolution = %(resolution)s, settled_by = %(command_id)s,
           settled_at = clock_timestamp()
     WHERE m.workspace_id = %(workspace_id)s AND m.message_id = ANY(%(messages)s::uuid[])
       AND m.resolution IS NULL
    RETURNING m.message_id, m.campaign_id, m.contact_id, m.attempt
)"""


class PostgresUncertainMessages:
    """The port `commands.delivery.ports.UncertainMessages`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def find(self, workspace_id: UUID, message_id: UUID) -> Uncertain | None:
        """See the port."""
        values = {"workspace_id": workspace_id, "message_id": message_id}
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(_ONE, values).fetchone()
        if row is None:
            return None
        return Uncertain(**dict(zip(Uncertain.__struct_fields__, row, strict=True)))

    def requeue(
        self,
        workspace_id: UUID,
        message_id: UUID,
        *,
        command_id: UUID,
        completed: Collection[UUID] = (),
    ) -> Settling:
        """See the port."""
        values = _settled(workspace_id, str(Resolution.RESEND), command_id)
        values["completed"] = list(completed)
        return Settling(_SETTLE + QUEUE_TAKEN, values, [message_id])

    def resolve(
        self, workspace_id: UUID, message_id: UUID, *, resolution: str, command_id: UUID
    ) -> Settling:
        """See the port."""
        values = _settled(workspace_id, resolution, command_id)
        return Settling(_SETTLE + " SELECT count(*) FROM taken", values, [message_id])


def note_uncertain(
    workspace_id: UUID, messages: Sequence[UUID], *, owner: UUID, resent: bool = False
) -> SqlEffect:
    """Return the effect of EmailUncertain, and of UncertainResolved when they are sent again.

    It comes before the one that takes the tasks away, or frees them.
    """
    values: dict[str, object] = {
        "workspace_id": workspace_id,
        "messages": list(messages),
        "owner": owner,
        "resolution": str(Resolution.RESEND) if resent else None,
    }
    return SqlEffect(_ADD, values)


def _settled(workspace_id: UUID, resolution: str, command_id: UUID) -> dict[str, object]:
    return {"workspace_id": workspace_id, "resolution": resolution, "command_id": command_id}
