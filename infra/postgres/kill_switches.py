"""Kill switches: the rows that claims ask, and which dispatchers have confirmed them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.platform.kill_switch import KillSwitch, Switch
from domain.shared.platform import PLATFORM
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

_KEEP = """
INSERT INTO kill_switches (workspace_id, scope, key, is_on, reason, epoch)
VALUES (%(workspace_id)s, %(scope)s, %(key)s, %(is_on)s, %(reason)s, next_switch_epoch())
ON CONFLICT (workspace_id, scope, key) DO UPDATE
   SET is_on = excluded.is_on, reason = excluded.reason, epoch = excluded.epoch,
       changed_at = clock_timestamp()
"""
_ON = """
SELECT k.workspace_id, k.scope, k.key, k.reason, k.changed_at, k.epoch,
       c.dispatchers, c.confirmed, c.confirmed_at
  FROM kill_switches k, LATERAL switch_confirmations(k.epoch) c
 WHERE k.workspace_id = %s AND k.is_on ORDER BY k.epoch DESC LIMIT 1000
"""
_EPOCH = "SELECT epoch FROM kill_switch_epoch"
_STOPPED = "SELECT workspace_id, scope, key FROM kill_switches WHERE is_on"
_CONFIRM = """
INSERT INTO switch_acknowledgements (dispatcher_id, epoch) VALUES (%s, %s)
ON CONFLICT (dispatcher_id) DO UPDATE SET epoch = excluded.epoch, at = clock_timestamp()
"""


class PostgresKillSwitches:
    """The port `commands.platform.ports.KillSwitches`."""

    def keep(self, workspace_id: UUID, switch: Switch, state: KillSwitch) -> SqlEffect:
        """See the port."""
        return SqlEffect(
            _KEEP,
            {
                "workspace_id": workspace_id,
                "scope": switch.scope.value,
                "key": switch.key,
                "is_on": state.is_on,
                "reason": state.reason or "",
            },
        )


class StoppedScope(msgspec.Struct, frozen=True):
    """A switch that is on; `confirmed` of `dispatchers` begin nothing of it any more.

    `confirmed_at` is when the last of them said so, None while one has not.
    """

    workspace_id: UUID
    scope: str
    key: str
    reason: str
    changed_at: datetime
    epoch: int
    dispatchers: int
    confirmed: int
    confirmed_at: datetime | None


class KillSwitchBoard:
    """What is stopped, for whoever asks."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def of(self, workspace_id: UUID) -> list[StoppedScope]:
        """Return the switches that stop mail of this workspace, the global one first."""
        scopes = [PLATFORM] if workspace_id == PLATFORM else [PLATFORM, workspace_id]
        return [stopped for scope in scopes for stopped in self._in(scope)]

    def everywhere(self) -> list[StoppedScope]:
        """Return all that are on, of the first 1,000 workspaces that have one."""
        with self._pool.connection() as connection:
            scopes = connection.execute("SELECT workspace_id FROM stopped_scopes()").fetchall()
        return [stopped for (scope,) in scopes for stopped in self._in(scope)]

    def _in(self, workspace_id: UUID) -> list[StoppedScope]:
        with tenant_scope(self._pool, workspace_id) as cursor:
            return [StoppedScope(*row) for row in cursor.execute(_ON, (workspace_id,)).fetchall()]


Stopped = tuple[UUID, str, str]
"""Workspace, scope and key of a switch that is on."""


def switch_epoch(connection: Connection[TupleRow]) -> int:
    """Return how often switches were changed so far."""
    row = connection.execute(_EPOCH).fetchone()
    return int(row[0]) if row else 0


def stopped_now(connection: Connection[TupleRow]) -> Sequence[Stopped]:
    """Return the switches that are on in all workspaces; only for the workers' role."""
    return [(workspace, scope, key) for workspace, scope, key in connection.execute(_STOPPED)]


def confirm(connection: Connection[TupleRow], dispatcher_id: UUID, epoch: int) -> None:
    """Say that this dispatcher begins nothing any more that the epoch's switches stop."""
    connection.execute(_CONFIRM, (dispatcher_id, epoch))
