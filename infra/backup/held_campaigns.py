"""Which campaigns a restored log would send again, because it does not know what was sent since."""

from typing import NamedTuple
from uuid import UUID

from infra.postgres.connections import Pool

_RUNS = """
SELECT workspace_id, campaign_id, gate FROM campaign_runs
 WHERE gate = 'open' OR (gate = 'scheduled' AND send_at <= clock_timestamp())
"""


class OpenRun(NamedTuple):
    """A campaign that is running (`open`) or due (`scheduled`)."""

    workspace_id: UUID
    campaign_id: UUID
    gate: str


def open_runs(pool: Pool) -> list[OpenRun]:
    """Return them, of all workspaces."""
    with pool.connection() as connection:
        return [OpenRun(*row) for row in connection.execute(_RUNS).fetchall()]
