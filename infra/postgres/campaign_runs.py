"""The gate of each campaign, and how far its audience is expanded."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec

from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

_SCHEDULE = """
INSERT INTO campaign_runs (workspace_id, campaign_id, gate, send_at, snapshot, sandbox,
                           sending_domain)
SELECT %(workspace_id)s, %(campaign_id)s, 'scheduled', %(send_at)s, sha256, %(sandbox)s,
       lower(split_part(content->>'from_email', '@', 2))
  FROM snapshots WHERE workspace_id = %(workspace_id)s AND sha256 = %(snapshot)s
"""
_UNSCHEDULE = """
DELETE FROM campaign_runs
 WHERE workspace_id = %(workspace_id)s AND campaign_id = %(campaign_id)s AND gate = 'scheduled'
"""
# The position is that of CampaignLaunched, the last one this session drew: unlike the head of the
# sequence it cannot belong to a transaction that is rolled back and never reached by a follower.
_LAUNCH = """
UPDATE campaign_runs SET gate = 'open', launched_at_ms = %(launched_at_ms)s,
       launched_position = currval('log_position')
 WHERE workspace_id = %(workspace_id)s AND campaign_id = %(campaign_id)s
"""
_GATE = """
UPDATE campaign_runs SET gate = %(gate)s
 WHERE workspace_id = %(workspace_id)s AND campaign_id = %(campaign_id)s
"""
# Unless a message was queued again since somebody saw that nothing is left.
_CLOSE = _GATE + " AND reopened = %(reopened)s"
_EXPANDED = """
UPDATE campaign_runs SET expanded = true
 WHERE workspace_id = %(workspace_id)s AND campaign_id = %(campaign_id)s
"""
_COLUMNS: LiteralString = (
    "workspace_id, campaign_id, gate, snapshot, coalesce(launched_at_ms, 0),"
    " coalesce(launched_position, 0), expand_after, queued, skipped, sandbox,"
    " sending_domain, reopened"
)
_DUE = "gate = 'scheduled' AND send_at <= clock_timestamp() ORDER BY send_at"
_EXPANDABLE = (
    "gate IN ('open', 'paused', 'cancelled') AND launched_position IS NOT NULL AND NOT expanded"
    " ORDER BY launched_position"
)
_NO_TASK: LiteralString = (
    " AND NOT EXISTS (SELECT FROM email_tasks t WHERE t.workspace_id = r.workspace_id"
    " AND t.campaign_id = r.campaign_id)"
)
_FINISHED: LiteralString = (
    "((gate = 'open' AND expanded) OR (gate = 'cancelled' AND"
    " (expanded OR launched_position IS NULL)))" + _NO_TASK
)
_CANCELLED_WITH_TASKS = (
    "gate = 'cancelled' AND EXISTS (SELECT FROM email_tasks t"
    " WHERE t.workspace_id = r.workspace_id AND t.campaign_id = r.campaign_id AND t.phase = 0"
    " AND t.locked_by IS NULL)"
)
# One row a lane that has something to send and may send at this moment.
_SENDABLE: LiteralString = (
    "SELECT " + _COLUMNS + ", destination, coalesce((SELECT bulk FROM delivery_modes m"
    " WHERE m.workspace_id = r.workspace_id), '') FROM campaign_runs r"
    " JOIN campaign_destinations d USING (workspace_id, campaign_id)"
    " WHERE gate = 'open' AND launched_at_ms IS NOT NULL AND EXISTS (SELECT FROM email_tasks t"
    " WHERE t.workspace_id = r.workspace_id AND t.campaign_id = r.campaign_id AND t.phase = 0"
    " AND t.destination = d.destination AND t.due_at <= clock_timestamp() AND t.locked_by IS NULL)"
    " AND NOT is_stopped(workspace_id, campaign_id, sending_domain)"
    " AND (sandbox OR lane_allows(workspace_id, sending_domain, destination) > 0)"
)


class CampaignRun(msgspec.Struct, frozen=True):
    """One campaign that is on the calendar; `launched_at_ms` is 0 before the launch.

    `destination` is the one that a claim is for, `mode` what its workspace chose for messages in
    doubt (empty: nothing), `reopened` says how often a message was queued
    again.
    """

    workspace_id: UUID
    campaign_id: UUID
    gate: str
    snapshot: str
    launched_at_ms: int
    launched_position: int
    expand_after: UUID
    queued: int
    skipped: int
    sandbox: bool = False
    sending_domain: str = ""
    reopened: int = 0
    destination: str = ""
    mode: str = ""


class PostgresCampaignRuns:
    """The port `commands.ports.CampaignRuns`."""

    def schedule(
        self,
        workspace_id: UUID,
        campaign_id: UUID,
        *,
        send_at: datetime,
        snapshot: str,
        sandbox: bool = False,
    ) -> SqlEffect:
        """See the port."""
        key = _key(workspace_id, campaign_id)
        planned = {"send_at": send_at, "snapshot": snapshot, "sandbox": sandbox}
        return SqlEffect(_SCHEDULE, key | planned)

    def unschedule(self, workspace_id: UUID, campaign_id: UUID) -> SqlEffect:
        """See the port."""
        return SqlEffect(_UNSCHEDULE, _key(workspace_id, campaign_id))

    def launch(self, workspace_id: UUID, campaign_id: UUID, *, launched_at: datetime) -> SqlEffect:
        """See the port."""
        key = _key(workspace_id, campaign_id)
        return SqlEffect(_LAUNCH, key | {"launched_at_ms": int(launched_at.timestamp() * 1000)})

    def pause(self, workspace_id: UUID, campaign_id: UUID) -> SqlEffect:
        """See the port."""
        return SqlEffect(_GATE, _key(workspace_id, campaign_id) | {"gate": "paused"})

    def resume(self, workspace_id: UUID, campaign_id: UUID) -> SqlEffect:
        """See the port."""
        return SqlEffect(_GATE, _key(workspace_id, campaign_id) | {"gate": "open"})

    def cancel(self, workspace_id: UUID, campaign_id: UUID) -> SqlEffect:
        """See the port."""
        return SqlEffect(_GATE, _key(workspace_id, campaign_id) | {"gate": "cancelled"})

    def mark_expanded(self, workspace_id: UUID, campaign_id: UUID) -> SqlEffect:
        """Return the effect that says the audience is complete; goes with AudienceFrozen."""
        return SqlEffect(_EXPANDED, _key(workspace_id, campaign_id))


class RunFinder:
    """Looks for campaigns that need work, in all workspaces; only for the worker's role."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def due(self) -> Sequence[CampaignRun]:
        """Return scheduled campaigns whose time has come."""
        return self._find(_DUE)

    def expandable(self) -> Sequence[CampaignRun]:
        """Return launched campaigns whose audience is not complete."""
        return self._find(_EXPANDABLE)

    def sendable(self) -> Sequence[CampaignRun]:
        """Return open campaigns with a message that is due and free, once a lane that is open."""
        return self._rows(_SENDABLE)

    def cancelled_with_tasks(self) -> Sequence[CampaignRun]:
        """Return cancelled campaigns that still have queued messages."""
        return self._find(_CANCELLED_WITH_TASKS)

    def finished(self) -> Sequence[CampaignRun]:
        """Return campaigns in which nothing is left to do."""
        return self._find(_FINISHED)

    def put_away(self, run: CampaignRun) -> None:
        """Take a campaign off the calendar whose end is in the log already."""
        with tenant_scope(self._pool, run.workspace_id) as cursor:
            close_run(run).apply(cursor)

    def _find(self, condition: LiteralString) -> Sequence[CampaignRun]:
        return self._rows("SELECT " + _COLUMNS + " FROM campaign_runs r WHERE " + condition)

    def _rows(self, query: LiteralString) -> Sequence[CampaignRun]:
        with self._pool.connection() as connection:
            return [CampaignRun(*row) for row in connection.execute(query).fetchall()]


def close_run(run: CampaignRun) -> SqlEffect:
    """Return the effect that takes it off the calendar, unless something was queued again."""
    key = _key(run.workspace_id, run.campaign_id)
    return SqlEffect(_CLOSE, key | {"gate": "closed", "reopened": run.reopened})


def _key(workspace_id: UUID, campaign_id: UUID) -> dict[str, object]:
    return {"workspace_id": workspace_id, "campaign_id": campaign_id}
