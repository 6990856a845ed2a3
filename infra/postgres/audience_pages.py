"""The people of a workspace as they were at a launch, page by page."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from infra.postgres.campaign_runs import CampaignRun
from infra.postgres.checkpoints import Checkpoints
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

_PAGE = """
SELECT c.contact_id, c.email IS NOT NULL,
       (SELECT max(d.reason) FROM do_not_mail d
         WHERE d.workspace_id = c.workspace_id AND d.contact_id = c.contact_id
           AND (d.expires_at IS NULL OR d.expires_at > clock_timestamp())),
       coalesce(p.destination, 'other')
  FROM contacts c LEFT JOIN destination_domains p ON p.domain = lower(split_part(c.email, '@', 2))
 WHERE c.workspace_id = %(workspace_id)s AND c.contact_id > %(after)s
   AND c.added_position <= %(upto)s
   AND (c.erased_position IS NULL OR c.erased_position > %(upto)s)
   AND (c.deleted_position IS NULL OR c.deleted_position > %(upto)s)
 ORDER BY c.contact_id LIMIT %(limit)s
"""
_ADVANCE = """
WITH moved AS (
    UPDATE campaign_runs
       SET expand_after = %(after)s, queued = queued + %(queued)s, skipped = skipped + %(skipped)s
     WHERE workspace_id = %(workspace_id)s AND campaign_id = %(campaign_id)s
       AND expand_after = %(before)s AND NOT expanded
    RETURNING 1
)
SELECT count(*) FROM moved
"""


class Person(msgspec.Struct, frozen=True):
    """A contact of the audience; `stopped` says why there may be no mail."""

    contact_id: UUID
    has_address: bool
    stopped: str | None
    destination: str


class AudiencePages:
    """Reads the contact list as of the launch."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def ready(self, run: CampaignRun) -> bool:
        """Whether the contact list holds everybody who was there at the launch."""
        seen = Checkpoints(self._pool).lowest(["contact_list"], run.workspace_id)
        return seen >= run.launched_position

    def page(self, run: CampaignRun, *, limit: int) -> Sequence[Person]:
        """Return the next people after `run.expand_after`, by contact id."""
        values = {
            "workspace_id": run.workspace_id,
            "after": run.expand_after,
            "upto": run.launched_position,
            "limit": limit,
        }
        with tenant_scope(self._pool, run.workspace_id) as cursor:
            return [Person(*row) for row in cursor.execute(_PAGE, values).fetchall()]


def advance_run(run: CampaignRun, *, after: UUID, queued: int, skipped: int) -> SqlEffect:
    """Return the effect that moves a run forward; StaleStateError when another one did it."""
    return SqlEffect(
        _ADVANCE,
        {
            "workspace_id": run.workspace_id,
            "campaign_id": run.campaign_id,
            "before": run.expand_after,
            "after": after,
            "queued": queued,
            "skipped": skipped,
        },
        must_change=1,
    )
