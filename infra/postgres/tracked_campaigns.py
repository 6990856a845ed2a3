"""When a campaign was launched and where its links lead; fixed at launch, so it is cached."""

from collections import OrderedDict
from threading import Lock
from uuid import UUID

from commands.engagement.record_hits import TrackedCampaign
from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope

CACHED = 1_000
FIND = """
SELECT r.launched_at_ms, coalesce(s.content -> 'links', '[]'::jsonb)
  FROM campaign_runs r
  JOIN snapshots s ON s.workspace_id = r.workspace_id AND s.sha256 = r.snapshot
 WHERE r.workspace_id = %s AND r.campaign_id = %s AND r.launched_at_ms IS NOT NULL
"""


class TrackedCampaigns:
    """The port `commands.engagement.record_hits.Campaigns`; safe to share between threads."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lock = Lock()
        self._cache: OrderedDict[tuple[UUID, UUID], TrackedCampaign] = OrderedDict()

    def find(self, workspace_id: UUID, campaign_id: UUID) -> TrackedCampaign | None:
        """Return the campaign; None when it was never launched."""
        key = (workspace_id, campaign_id)
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        found = self._read(workspace_id, campaign_id)
        if found is not None:
            with self._lock:
                self._cache[key] = found
                while len(self._cache) > CACHED:
                    self._cache.popitem(last=False)
        return found

    def _read(self, workspace_id: UUID, campaign_id: UUID) -> TrackedCampaign | None:
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(FIND, (workspace_id, campaign_id)).fetchone()
        return TrackedCampaign(row[0], tuple(row[1])) if row else None
