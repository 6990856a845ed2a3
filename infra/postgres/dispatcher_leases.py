"""Which dispatchers are alive, and what the dead ones left behind."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.rows import TupleRow

from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

LEASE_S = 15.0
RENEW_S = 3.0
SESSIONS = "engine-dispatcher"
"""The name under which a dispatcher's sessions are known to the server."""

_SIGN_ON = """
INSERT INTO dispatchers (dispatcher_id, alive_until)
VALUES (%s, clock_timestamp() + make_interval(secs => %s))
RETURNING clock_timestamp()
"""
_RENEW = """
UPDATE dispatchers SET alive_until = clock_timestamp() + make_interval(secs => %s)
 WHERE dispatcher_id = %s AND alive_until > clock_timestamp()
RETURNING clock_timestamp()
"""
_LEFT = """
SELECT workspace_id, message_id, campaign_id, contact_id, phase, attempt,
       coalesce(r.sandbox, false), t.relay, coalesce(r.gate, ''), coalesce(m.bulk, '')
  FROM email_tasks t LEFT JOIN campaign_runs r USING (workspace_id, campaign_id)
  LEFT JOIN delivery_modes m USING (workspace_id)
 WHERE locked_by = %s ORDER BY workspace_id LIMIT %s
"""
_TO_HAND = """
SELECT message_id FROM email_tasks
 WHERE workspace_id = %s AND message_id = ANY(%s) AND locked_by = %s
   FOR UPDATE SKIP LOCKED
"""
_FREE = """
UPDATE email_tasks SET locked_by = NULL
 WHERE workspace_id = %s AND message_id = ANY(%s) AND phase = 0 AND locked_by = %s
"""
_END_SESSIONS = """
SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a, dispatchers d
 WHERE d.dispatcher_id = %s AND a.datname = current_database() AND a.usename = current_user
   AND a.application_name = %s AND a.wait_event IN ('ClientRead', 'ClientWrite')
   AND a.xact_start < least(d.alive_until, clock_timestamp() - interval '2 s')
"""
_FORGET = """
DELETE FROM dispatchers WHERE dispatcher_id = %s AND alive_until <= clock_timestamp()
   AND NOT EXISTS (SELECT FROM email_tasks WHERE locked_by = %s)
"""
_AGAIN = """
WITH freed AS (
    UPDATE email_tasks t SET phase = 0, locked_by = NULL, due_at = clock_timestamp()
      FROM unnest(%(messages)s::uuid[]) AS u(message_id)
     WHERE t.workspace_id = %(workspace_id)s AND t.message_id = u.message_id
       AND t.phase = 1 AND t.locked_by = %(owner)s
    RETURNING 1
)
SELECT count(*) FROM freed
"""
_UNCERTAIN = """
DELETE FROM email_tasks t USING unnest(%(messages)s::uuid[]) AS u(message_id)
 WHERE t.workspace_id = %(workspace_id)s AND t.message_id = u.message_id
   AND t.phase = 1 AND t.locked_by = %(owner)s
"""


class LeaseLostError(Exception):
    """This dispatcher was silent for too long: its messages are somebody else's by now."""


class LeftTask(msgspec.Struct, frozen=True):
    """A task whose dispatcher is dead.

    `relay` is the one that has it, if it was handed over; `mode` is empty when its workspace chose
    none.
    """

    workspace_id: UUID
    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    phase: int
    attempt: int
    sandbox: bool
    relay: str | None
    gate: str
    mode: str


class DispatcherLeases:
    """The table of dispatchers; every judgement is by the database's clock."""

    def __init__(self, pool: Pool, *, lease_s: float = LEASE_S) -> None:
        self._pool = pool
        self.lease_s = lease_s

    def sign_on(self, dispatcher_id: UUID) -> datetime:
        """Begin to be alive; returns the database's time."""
        with self._pool.connection() as connection:
            return _told(connection.execute(_SIGN_ON, (dispatcher_id, self.lease_s)), dispatcher_id)

    def renew(self, dispatcher_id: UUID) -> datetime:
        """Stay alive; returns the database's time. Raises LeaseLostError when that is too late."""
        with self._pool.connection() as connection:
            return _told(connection.execute(_RENEW, (self.lease_s, dispatcher_id)), dispatcher_id)

    def sign_off(self, dispatcher_id: UUID) -> None:
        """End now; when tasks still carry the id, they are recovered as those of a dead one."""
        with self._pool.connection() as connection:
            connection.execute(
                "UPDATE dispatchers SET alive_until = clock_timestamp() WHERE dispatcher_id = %s",
                (dispatcher_id,),
            )
        self.forget(dispatcher_id)

    def forget(self, dispatcher_id: UUID) -> None:
        """Remove a dead dispatcher, unless tasks still carry its id."""
        with self._pool.connection() as connection:
            connection.execute(_FORGET, (dispatcher_id, dispatcher_id))

    def dead(self) -> Sequence[UUID]:
        """Return the dispatchers whose lease has run out."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT dispatcher_id FROM dispatchers WHERE alive_until <= clock_timestamp()"
            ).fetchall()
        return [dispatcher_id for (dispatcher_id,) in rows]

    def left_by(self, dispatcher_id: UUID, *, limit: int) -> Sequence[LeftTask]:
        """Return tasks that a dead dispatcher held, those of one workspace together."""
        with self._pool.connection() as connection:
            rows = connection.execute(_LEFT, (dispatcher_id, limit)).fetchall()
        return [LeftTask(*row) for row in rows]

    def end_sessions(self, dispatcher_id: UUID) -> int:
        """End what a dead dispatcher was writing when it was stopped; returns how many sessions.

        Its locks hold up these messages, and its position the end of the log for everybody. No
        timeout of the server ends it: in the middle of a pipeline it counts as active, though it
        only waits for its client. A living one that is hit begins anew: all its writing may be
        repeated.
        """
        with self._pool.connection() as connection:
            ended = connection.execute(_END_SESSIONS, (dispatcher_id, SESSIONS))
            return ended.rowcount

    def to_hand(
        self, workspace_id: UUID, messages: Sequence[UUID], *, owner: UUID
    ) -> Collection[UUID]:
        """Return those whose rows no open transaction of the owner holds.

        A process that is stopped, not killed, keeps what it was writing until it wakes or the
        server ends its session: nobody is to wait for that.
        """
        with tenant_scope(self._pool, workspace_id) as cursor:
            rows = cursor.execute(_TO_HAND, (workspace_id, list(messages), owner)).fetchall()
        return {message_id for (message_id,) in rows}

    def free(self, workspace_id: UUID, messages: Sequence[UUID], *, owner: UUID) -> None:
        """Put messages of phase 0 back: nothing has happened to them."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            cursor.execute(_FREE, (workspace_id, list(messages), owner))


def _told(answer: Cursor[TupleRow], dispatcher_id: UUID) -> datetime:
    row = answer.fetchone()
    if row is None:
        raise LeaseLostError(f"dispatcher {dispatcher_id} was silent for too long")
    told: datetime = row[0]
    return told


def give_up(workspace_id: UUID, messages: Sequence[UUID], *, owner: UUID) -> SqlEffect:
    """Return the effect of EmailUncertain for messages of phase 1 of a dead dispatcher."""
    return SqlEffect(
        _UNCERTAIN,
        {"workspace_id": workspace_id, "messages": list(messages), "owner": owner},
    )


def send_again(workspace_id: UUID, messages: Sequence[UUID], *, owner: UUID) -> SqlEffect:
    """Return the effect of sending messages of phase 1 of a dead dispatcher again.

    StaleStateError when one of them has its outcome meanwhile.
    """
    return SqlEffect(
        _AGAIN,
        {"workspace_id": workspace_id, "messages": list(messages), "owner": owner},
        must_change=len(messages),
    )
