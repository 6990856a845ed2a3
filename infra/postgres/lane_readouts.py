"""Which lanes are stopped, slowed or warmed up, and how is each sender received: as it is shown."""

from datetime import datetime
from typing import LiteralString

import msgspec

from domain.delivery.lane import Place, WarmUp
from domain.delivery.reputation import Kind, Tally
from domain.delivery.warm_up import STEPS, Day, due_at, full_at, unmet
from infra.postgres.message_stories import Reads
from schemas.http.lanes import Lane, LaneWarmUp, SenderHealth

LANES: LiteralString = """
SELECT sending_domain, destination, state, since, blocked_until, cause, reason, warning,
       probes_left, hour_cap, warm_up, step, day_began, warm_up_reason,
       (SELECT nullif(min(standing_allows(o)), 1000000)
          FROM lanes_of(l.workspace_id, l.sending_domain, l.destination) o) AS allowed_now,
       CASE WHEN hour_began > clock_timestamp() - interval '1 hour' THEN hour_used ELSE 0 END
           AS hour_used
  FROM lanes l WHERE workspace_id = %(workspace_id)s
 ORDER BY sending_domain, destination LIMIT 1000
"""
COUNTED: LiteralString = """
SELECT sending_domain, destination, kind, sum(count)::bigint AS count
  FROM sender_health
 WHERE workspace_id = %(workspace_id)s
   AND hour_at > clock_timestamp() - make_interval(hours => %(hours)s)
 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
IN_DAY: LiteralString = """
SELECT h.sending_domain, h.destination, h.kind, sum(h.count)::bigint AS count,
       count(*) FILTER (WHERE h.kind = 'sent'
           AND h.count >= (%(full)s::int[])[least(l.step, %(last)s) + 1]) AS full_hours
  FROM lanes l JOIN sender_health h USING (workspace_id, sending_domain, destination)
 WHERE l.workspace_id = %(workspace_id)s AND l.warm_up = 'running'
   AND h.hour_at >= date_trunc('hour', l.day_began)
 GROUP BY 1, 2, 3
"""


class LaneRow(msgspec.Struct, frozen=True):
    """A row of `lanes`; `hour_used` is 0 when that hour is over, `allowed_now` null: no bound."""

    sending_domain: str
    destination: str
    state: str
    since: datetime | None
    blocked_until: datetime | None
    cause: str
    reason: str
    warning: str
    probes_left: int
    hour_cap: int | None
    warm_up: str
    step: int
    day_began: datetime | None
    warm_up_reason: str
    allowed_now: int | None
    hour_used: int


class Count(msgspec.Struct, frozen=True):
    """How many outcomes of one meaning; `full_hours` of a warm-up's day, else 0."""

    sending_domain: str
    destination: str
    kind: str
    count: int
    full_hours: int = 0


def lanes_shown(reads: Reads) -> list[Lane]:
    """Return each lane that was decided of, with its reason; at most 1,000."""
    counts = _by_place(reads.rows(Count, COUNTED, {"hours": 24}))
    steps = range(len(STEPS))
    wanted = {"full": [full_at(step) for step in steps], "last": steps[-1]}
    days = _by_place(reads.rows(Count, IN_DAY, wanted))
    return [_shown(row, counts, days) for row in reads.rows(LaneRow, LANES, {})]


def health_shown(reads: Reads, *, hours: int) -> list[SenderHealth]:
    """Return counts and rates by sending domain and destination."""
    counts = _by_place(reads.rows(Count, COUNTED, {"hours": hours}))
    return [_health(place, found) for place, found in counts.items()]


def _by_place(counts: list[Count]) -> dict[Place, list[Count]]:
    found: dict[Place, list[Count]] = {}
    for count in counts:
        found.setdefault(Place(count.sending_domain, count.destination), []).append(count)
    return found


def _tally(counts: list[Count]) -> Tally:
    return Tally({Kind(one.kind): one.count for one in counts})


def _shown(row: LaneRow, counts: dict[Place, list[Count]], days: dict[Place, list[Count]]) -> Lane:
    place = Place(row.sending_domain, row.destination)
    return Lane(
        lane_id=place.lane_id,
        sending_domain=row.sending_domain,
        destination=row.destination,
        state=row.state,
        since=row.since,
        until=row.blocked_until,
        cause=row.cause,
        reason=row.reason,
        warning=row.warning,
        probes_left=row.probes_left,
        counted=_within(place, counts),
        warm_up=_warm_up(row, days.get(place, [])),
    )


def _within(place: Place, counts: dict[Place, list[Count]]) -> dict[str, int]:
    """Return the counts of the lane, or of all the lanes in a wider one."""
    sums: dict[str, int] = {}
    for lane, found in counts.items():
        if place in lane.within():
            for one in found:
                sums[one.kind] = sums.get(one.kind, 0) + one.count
    return sums


def _warm_up(row: LaneRow, counts: list[Count]) -> LaneWarmUp:
    runs = row.warm_up == WarmUp.RUNNING and row.day_began and row.hour_cap is not None
    day = Day(tally=_tally(counts), full_hours=sum(one.full_hours for one in counts))
    return LaneWarmUp(
        state=row.warm_up,
        step=row.step,
        allowed_now=row.allowed_now,
        allowed_per_hour=row.hour_cap,
        used_this_hour=row.hour_used,
        reason=row.warm_up_reason,
        next_step_at=due_at(row.day_began) if runs and row.day_began else None,
        next_step_needs=unmet(day, step=row.step) if runs else [],
    )


def _health(place: Place, counts: list[Count]) -> SenderHealth:
    tally = _tally(counts)
    of_final, of_all = max(tally.delivered, 1), max(tally.answered, 1)
    return SenderHealth(
        sending_domain=place.sending_domain,
        destination=place.destination,
        counted={one.kind: one.count for one in counts},
        bounce_rate=tally.of(Kind.BOUNCED) / of_final,
        complaint_rate=tally.of(Kind.COMPLAINED) / of_final,
        blocked_rate=tally.of(Kind.BLOCKED) / of_all,
        slowed_rate=tally.of(Kind.SLOWED) / of_all,
    )
