"""Rows of lanes: written with the events that say why; asked by each claim, which books on them."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import LiteralString
from uuid import UUID

import msgspec
from psycopg import Cursor

from domain.delivery.lane import Place
from domain.delivery.lane_events import (
    LaneBlocked,
    LaneEvent,
    LaneOpened,
    LaneProbesGranted,
    LaneWarned,
    WarmUpAdvanced,
    WarmUpCompleted,
    WarmUpHeld,
    WarmUpSkipped,
    WarmUpStarted,
    WarmUpSteppedBack,
)
from domain.shared.model import Event
from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope

_MAKE: LiteralString = """
INSERT INTO lanes (workspace_id, sending_domain, destination)
VALUES (%(workspace_id)s, %(sending_domain)s, %(destination)s) ON CONFLICT DO NOTHING
"""
_WHERE: LiteralString = """
 WHERE workspace_id = %(workspace_id)s AND sending_domain = %(sending_domain)s
   AND destination = %(destination)s
"""
_STATE: LiteralString = "reason = %(reason)s, since = %(decided_at)s"
_STEP: LiteralString = (
    "hour_cap = %(per_hour)s, step = %(step)s, day_began = %(decided_at)s,"
    " warm_up_reason = %(reason)s"
)
# A domain's warm-up is that of its lanes: `all` of it together has no cap.
_CHANGES: MappingProxyType[type[Event], LiteralString] = MappingProxyType(
    {
        LaneWarned: "warning = %(reason)s",
        LaneBlocked: "state = 'blocked', blocked_until = %(until)s, probes_left = 0,"
        " cause = %(cause)s, " + _STATE,
        LaneProbesGranted: "state = 'probing', blocked_until = NULL, probes_left = %(probes)s, "
        + _STATE,
        LaneOpened: "state = 'open', blocked_until = NULL, probes_left = 0, warning = '', "
        + _STATE,
        WarmUpStarted: "warm_up = 'running', step = 0, day_began = %(decided_at)s,"
        " warm_up_reason = %(reason)s,"
        " hour_cap = CASE WHEN destination = 'all' THEN NULL ELSE %(per_hour)s END",
        WarmUpAdvanced: _STEP,
        WarmUpSteppedBack: _STEP,
        WarmUpHeld: "day_began = %(decided_at)s, warm_up_reason = %(reason)s",
        WarmUpCompleted: "warm_up = 'completed', hour_cap = NULL, warm_up_reason = %(reason)s",
        WarmUpSkipped: "warm_up = 'skipped', hour_cap = NULL, warm_up_reason = %(reason)s",
    }
)
_OF_DOMAIN = """
SELECT destination FROM lanes
 WHERE workspace_id = %(workspace_id)s AND sending_domain = %(domain)s AND destination <> 'all'
 ORDER BY destination
"""
# Never sent to: no message of an earlier campaign was queued for it, which a campaign of its own
# page before is as well.
_NEW = """
SELECT destination FROM unnest(%(destinations)s::text[]) AS destination
 WHERE EXISTS (SELECT FROM sending_domains d WHERE d.workspace_id = %(workspace_id)s
                  AND d.domain = %(domain)s AND d.state = 'verified')
   AND NOT EXISTS (SELECT FROM lanes l WHERE l.workspace_id = %(workspace_id)s
                      AND l.sending_domain = %(domain)s AND l.destination = destination.destination
                      AND l.warm_up <> 'none')
   AND NOT EXISTS (SELECT FROM campaign_destinations c JOIN campaign_runs r
                    USING (workspace_id, campaign_id)
                    WHERE c.workspace_id = %(workspace_id)s AND r.sending_domain = %(domain)s
                      AND NOT r.sandbox AND c.destination = destination.destination)
"""


class LaneRow(msgspec.Struct, frozen=True):
    """The effect of an event on the row of its lane."""

    workspace_id: UUID
    event: LaneEvent

    def apply(self, cursor: object) -> None:
        """See `commands.ports.Effect.apply`."""
        if not isinstance(cursor, Cursor):
            raise TypeError("effects of Postgres need its cursor")
        values = msgspec.structs.asdict(self.event) | {"workspace_id": self.workspace_id}
        cursor.execute(_MAKE, values)
        cursor.execute("UPDATE lanes SET " + _CHANGES[type(self.event)] + _WHERE, values)


class PostgresLanes:
    """The port `commands.delivery.lane_ports.Lanes`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def show(self, workspace_id: UUID, event: LaneEvent) -> LaneRow:
        """See the port."""
        return LaneRow(workspace_id, event)

    def of_domain(self, workspace_id: UUID, sending_domain: str) -> list[Place]:
        """See the port."""
        values = {"workspace_id": workspace_id, "domain": sending_domain}
        with tenant_scope(self._pool, workspace_id) as cursor:
            rows = cursor.execute(_OF_DOMAIN, values).fetchall()
        return [Place(sending_domain, destination) for (destination,) in rows]

    def new_to(
        self, workspace_id: UUID, sending_domain: str, destinations: Sequence[str]
    ) -> list[Place]:
        """Return the lanes of a verified domain to destinations that it never had mail for."""
        values = {
            "workspace_id": workspace_id,
            "domain": sending_domain,
            "destinations": list(destinations),
        }
        with tenant_scope(self._pool, workspace_id) as cursor:
            rows = cursor.execute(_NEW, values).fetchall()
        return [Place(sending_domain, destination) for (destination,) in rows]
