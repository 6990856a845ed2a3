"""How a campaign goes at this moment: figures of the read models, and what the claim would say."""

from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec

from domain.delivery.pace import Pace, allowed_per_s, in_words
from infra.postgres.message_stories import MessageStories, Reads
from schemas.http.live import CampaignLive, Progress

# Skips are counted in `audience`, so what waits is what was queued less what is over.
FIGURES: LiteralString = """
SELECT c.status, coalesce(c.audience, 0) AS audience, coalesce(s.queued, 0) AS queued,
       coalesce(s.sent, 0) AS sent, coalesce(s.deferred, 0) AS deferred,
       coalesce(s.bounced, 0) AS bounced, coalesce(s.failed, 0) AS failed,
       coalesce(s.uncertain, 0) AS uncertain, coalesce(s.resolved, 0) AS resolved,
       coalesce(s.redriven, 0) AS redriven, coalesce(s.skipped, 0) AS skipped
  FROM campaigns c
  LEFT JOIN campaign_stats s
    ON s.workspace_id = c.workspace_id AND s.campaign_id = c.campaign_id
 WHERE c.workspace_id = %(workspace_id)s AND c.campaign_id = %(campaign_id)s
"""
SKIPPED: LiteralString = """
SELECT reason, messages FROM campaign_skips
 WHERE workspace_id = %(workspace_id)s AND campaign_id = %(campaign_id)s ORDER BY reason
"""
# By the second: whole ones only, since the present one is not over.
RATE: LiteralString = """
SELECT coalesce(sum(sent), 0)::float / 10 AS per_s,
       CASE WHEN coalesce(sum(sent), 0) = 0 AND sum(unreached) > 0 THEN (
           SELECT min(p.second) FROM campaign_pace p
            WHERE p.workspace_id = %(workspace_id)s AND p.campaign_id = %(campaign_id)s
              AND p.unreached > 0 AND p.second > coalesce((
                  SELECT max(q.second) FROM campaign_pace q
                   WHERE q.workspace_id = %(workspace_id)s AND q.campaign_id = %(campaign_id)s
                     AND q.sent > 0), '-infinity')) END AS unreached_since
  FROM campaign_pace
 WHERE workspace_id = %(workspace_id)s AND campaign_id = %(campaign_id)s
   AND second >= date_trunc('second', clock_timestamp()) - interval '10 s'
   AND (second < date_trunc('second', clock_timestamp()) OR sent = 0)
"""
QUEUE: LiteralString = """
SELECT count(*) AS waiting FROM (
    SELECT FROM email_tasks
     WHERE workspace_id = %(workspace_id)s AND campaign_id = %(campaign_id)s LIMIT 1) AS one
"""
PAUSED: LiteralString = """
SELECT c.actor, e.recorded_at AS at FROM events e
  JOIN commits c ON c.workspace_id = e.workspace_id AND c.command_id = e.command_id
 WHERE e.workspace_id = %(workspace_id)s AND e.kind = 'd' AND e.stream_id = %(campaign_id)s
   AND e.tag = 'campaigns.campaign_paused.v1'
 ORDER BY e.version DESC LIMIT 1
"""


class _Figures(msgspec.Struct, frozen=True, kw_only=True):
    status: str
    audience: int
    queued: int
    sent: int
    deferred: int
    bounced: int
    failed: int
    uncertain: int
    resolved: int
    redriven: int
    skipped: int

    def progress(self, skipped_for: dict[str, int]) -> Progress:
        over = self.sent + self.bounced + self.failed + self.uncertain + self.skipped
        fields = msgspec.structs.asdict(self)
        del fields["status"]
        waiting = max(0, max(self.audience, self.queued) - over)
        return Progress(**fields, waiting=waiting, skipped_for=skipped_for)


class _Rate(msgspec.Struct, frozen=True):
    per_s: float
    unreached_since: datetime | None


class _Paused(msgspec.Struct, frozen=True):
    actor: str
    at: datetime


class _Skipped(msgspec.Struct, frozen=True):
    reason: str
    messages: int


class _Queue(msgspec.Struct, frozen=True):
    waiting: int


def campaign_pulse(
    reads: Reads,
    platform: Reads,
    campaign_id: UUID,
    *,
    position: int,
    relay_rate_per_s: float,
) -> CampaignLive | None:
    """Return how it goes; None for an unknown campaign. `position` is where the figures are."""
    asked = {"campaign_id": campaign_id}
    found = reads.rows(_Figures, FIGURES, asked)
    if not found:
        return None
    figures = found[0]
    (rate,) = reads.rows(_Rate, RATE, asked)
    (queue,) = reads.rows(_Queue, QUEUE, asked)
    paused = reads.rows(_Paused, PAUSED, asked) if figures.status == "paused" else []
    pace = Pace(
        status=figures.status,
        rate_per_s=rate.per_s,
        waiting=queue.waiting,
        places=MessageStories(reads, platform).places(campaign_id),
        relay_rate_per_s=relay_rate_per_s,
        paused_by=paused[0].actor if paused else None,
        paused_at=paused[0].at if paused else None,
        unreached_since=rate.unreached_since,
    )
    why = in_words(pace)
    skipped = {each.reason: each.messages for each in reads.rows(_Skipped, SKIPPED, asked)}
    return CampaignLive(
        campaign_id=campaign_id,
        status=figures.status,
        position=position,
        progress=figures.progress(skipped),
        rate_per_s=rate.per_s,
        allowed_per_s=allowed_per_s(pace),
        code=why.code,
        text=why.text,
        until=why.until,
    )
