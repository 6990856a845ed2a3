"""The people of a workspace as they were at a launch, page by page, and their way into the queue.

Ids come and go packed, 16 bytes each: as values of their own they would cost more than all the
rest. The rows of the queue, message ids and all, are made in SQL.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from domain.shared.packed_ids import ID_BYTES
from infra.postgres.campaign_runs import CampaignRun
from infra.postgres.checkpoints import Checkpoints
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

_PAGE = """
WITH people AS MATERIALIZED (
    SELECT c.contact_id, coalesce(p.destination, 'other') AS destination,
           CASE WHEN %(cancelled)s THEN 'campaign_cancelled' ELSE coalesce(
               (SELECT max(d.reason) FROM stops_in_force d
                 WHERE d.workspace_id = c.workspace_id AND d.contact_id = c.contact_id),
               CASE WHEN c.email IS NULL THEN 'erased' END) END AS stopped
      FROM contacts c
      LEFT JOIN destination_domains p ON p.domain = lower(split_part(c.email, '@', 2))
     WHERE c.workspace_id = %(workspace_id)s AND c.contact_id > %(after)s
       AND c.added_position <= %(upto)s
       AND (c.erased_position IS NULL OR c.erased_position > %(upto)s)
       AND (c.deleted_position IS NULL OR c.deleted_position > %(upto)s)
     ORDER BY c.contact_id LIMIT %(limit)s
), going AS MATERIALIZED (
    SELECT contact_id, destination,
           (row_number() OVER (ORDER BY contact_id) - 1) / %(chunk)s AS chunk
      FROM people WHERE stopped IS NULL
)
SELECT (SELECT contact_id FROM people ORDER BY contact_id DESC LIMIT 1),
       ARRAY(SELECT string_agg(uuid_send(contact_id), '' ORDER BY contact_id)
               FROM going GROUP BY chunk ORDER BY chunk),
       ARRAY(SELECT destination FROM going GROUP BY destination ORDER BY destination),
       ARRAY(SELECT string_agg(uuid_send(contact_id), '' ORDER BY contact_id)
               FROM going GROUP BY destination ORDER BY destination),
       ARRAY(SELECT contact_id FROM people WHERE stopped IS NOT NULL ORDER BY contact_id),
       ARRAY(SELECT stopped::text FROM people WHERE stopped IS NOT NULL ORDER BY contact_id)
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
# Message ids as domain/shared/message_id.py derives them: 48 bits of the launch, SHA-256, UUIDv8.
# In the order of the key, which spares its index; OFFSET 0 lets nothing be worked out twice. The
# run moves on in the same transaction, so nobody is here twice: a duplicate is a fault to see.
_QUEUE = """
WITH goes_to AS (
    INSERT INTO campaign_destinations (workspace_id, campaign_id, destination)
    SELECT %(workspace_id)s::uuid, %(campaign_id)s::uuid, unnest(%(destinations)s::text[])
    ON CONFLICT DO NOTHING
)
INSERT INTO email_tasks (workspace_id, message_id, campaign_id, contact_id, destination, due_at)
SELECT %(workspace_id)s::uuid,
       encode(set_byte(set_byte(derived, 6, get_byte(derived, 6) & 15 | 128),
                       8, get_byte(derived, 8) & 63 | 128), 'hex')::uuid AS message,
       %(campaign_id)s::uuid, encode(contact, 'hex')::uuid, destination, clock_timestamp()
  FROM (SELECT destination, contact,
               %(launched)s::bytea || substr(sha256(%(about)s::bytea || contact), 1, 10) AS derived
          FROM (SELECT destination, substr(packed, at, 16) AS contact
                  FROM unnest(%(destinations)s::text[], %(going)s::bytea[])
                           AS lane(destination, packed),
                       generate_series(1, length(packed), 16) AS at OFFSET 0) AS person
        OFFSET 0) AS told
 ORDER BY message
"""


class AudiencePage(msgspec.Struct, frozen=True):
    """The next people of an audience, by contact id: who goes where, and who does not and why.

    `chunks` are those who go, in order and packed; `going` the same people by destination.
    """

    last: UUID | None
    chunks: Sequence[bytes]
    destinations: Sequence[str]
    going: Sequence[bytes]
    out: Sequence[UUID]
    reasons: Sequence[str]

    @property
    def queued(self) -> int:
        """How many go."""
        return sum(map(len, self.chunks)) // ID_BYTES


class AudiencePages:
    """Reads the contact list as of the launch."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def ready(self, run: CampaignRun) -> bool:
        """Whether the contact list holds everybody who was there at the launch."""
        seen = Checkpoints(self._pool).lowest(["contact_list"], run.workspace_id)
        return seen >= run.launched_position

    def page(self, run: CampaignRun, *, limit: int, chunk: int) -> AudiencePage:
        """Return the next people after `run.expand_after`, at most `chunk` in one chunk."""
        values = {
            "workspace_id": run.workspace_id,
            "cancelled": run.gate == "cancelled",
            "after": run.expand_after,
            "upto": run.launched_position,
            "limit": limit,
            "chunk": chunk,
        }
        with tenant_scope(self._pool, run.workspace_id) as cursor:
            found = cursor.execute(_PAGE, values, binary=True).fetchall()
        return AudiencePage(*found[0])


def queue_page(run: CampaignRun, page: AudiencePage) -> Sequence[SqlEffect]:
    """Return the effects that queue a page and move the run behind it.

    StaleStateError when somebody else moved it.
    """
    key: dict[str, object] = {"workspace_id": run.workspace_id, "campaign_id": run.campaign_id}
    moved: dict[str, object] = {
        "before": run.expand_after,
        "after": page.last,
        "queued": page.queued,
        "skipped": len(page.out),
    }
    queued: dict[str, object] = {
        "launched": run.launched_at_ms.to_bytes(6),
        "about": b"message\0" + run.campaign_id.bytes + b"\0",
        "destinations": list(page.destinations),
        "going": list(page.going),
    }
    return SqlEffect(_ADVANCE, key | moved, must_change=1), SqlEffect(_QUEUE, key | queued)
