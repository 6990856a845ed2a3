"""The figures of one campaign from the read models, for those who watch it."""

from uuid import UUID

import msgspec

from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope
from projections.campaign_stats import FIGURES, FINAL

_SELECT = """
SELECT c.status, coalesce(c.audience, 0), to_jsonb(s)
  FROM campaigns c
  LEFT JOIN campaign_stats s ON s.workspace_id = c.workspace_id AND s.campaign_id = c.campaign_id
 WHERE c.workspace_id = %(workspace_id)s AND c.campaign_id = %(campaign_id)s
"""


class CampaignFigures(msgspec.Struct, frozen=True):
    """`counts` by name of the figure; `audience` is everybody who was queued or skipped."""

    status: str
    audience: int
    counts: dict[str, int]

    @property
    def settled_count(self) -> int:
        """How many people have a final outcome in these figures."""
        return sum(self.counts[n] for n in FINAL)

    @property
    def settled(self) -> bool:
        """Everybody of the audience has one."""
        return self.settled_count >= self.audience


def campaign_figures(pool: Pool, workspace_id: UUID, campaign_id: UUID) -> CampaignFigures | None:
    """Return the figures as the read models have them now; None for an unknown campaign."""
    with tenant_scope(pool, workspace_id) as cursor:
        row = cursor.execute(
            _SELECT, {"workspace_id": workspace_id, "campaign_id": campaign_id}
        ).fetchone()
    if row is None:
        return None
    status, audience, figures = row
    counts = {name: figures[name] if figures else 0 for name in FIGURES}
    return CampaignFigures(status, audience, counts)
