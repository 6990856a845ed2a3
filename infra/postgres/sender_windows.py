"""Which lanes and campaigns want a look, and what was counted of them; only for the worker's role.

A look costs a query for all workspaces together, never one a message: healthy lanes are not read.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import msgspec

from domain.delivery.lane import Place
from domain.delivery.reputation import (
    KIND_OF_LETTER,
    WITNESSES,
    Kind,
    Tally,
    Window,
    Witness,
)
from domain.delivery.reputation_rules import DAY_S
from domain.delivery.warm_up import DAY, Day, full_at
from infra.postgres.connections import Pool
from projections.sender_health import WITNESS_WIDTH

_COUNTED: LiteralString = """
SELECT s.workspace_id, s.subject_id, s.sending_domain, s.destination, s.era, s.latest,
       s.trouble_at, w.kind, sum(w.count),
       left(string_agg(w.sample, '' ORDER BY w.hour_at DESC), %(wide)s)
  FROM reputation_subjects s LEFT JOIN reputation_windows w
    ON w.workspace_id = s.workspace_id AND w.subject_id = s.subject_id AND w.hour_at > %(since)s
"""
_GROUPED: LiteralString = " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY s.trouble_at"
_TROUBLED: LiteralString = _COUNTED + " WHERE s.trouble_at > %(after)s" + _GROUPED
_NAMED: LiteralString = (
    _COUNTED
    + " JOIN unnest(%(workspaces)s::uuid[], %(subjects)s::uuid[]) AS u(w, s)"
    + " ON u.w = s.workspace_id AND u.s = s.subject_id"
    + _GROUPED
)
_WAITING = """
SELECT workspace_id, sending_domain, destination, state, probes_left FROM lanes
 WHERE state = 'probing' OR (state = 'blocked' AND blocked_until <= %(now)s)
"""
_RIPE = """
SELECT workspace_id, sending_domain, destination, step, day_began FROM lanes
 WHERE warm_up = 'running' AND day_began <= %(before)s AND destination <> 'all'
"""
_HOURS = """
SELECT kind, sum(count), count(*) FILTER (WHERE kind = 'sent' AND count >= %(full)s)
  FROM sender_health
 WHERE workspace_id = %(workspace_id)s AND sending_domain = %(sending_domain)s
   AND destination = %(destination)s AND hour_at >= date_trunc('hour', %(since)s::timestamptz)
 GROUP BY 1
"""


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted of a lane, or of a campaign (without a place)."""

    workspace_id: UUID
    subject_id: UUID
    place: Place | None
    window: Window
    trouble_at: int


class Waiting(msgspec.Struct, frozen=True):
    """A lane that is probing, or whose cool-down is over."""

    workspace_id: UUID
    place: Place
    state: str
    probes_left: int


class Ripe(msgspec.Struct, frozen=True):
    """A lane whose warm-up's day is over."""

    workspace_id: UUID
    place: Place
    step: int
    day_began: datetime


class SenderWindows:
    """Reads the read model `sender_health` and the lanes, of all workspaces."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def troubled(self, *, after: int, now: datetime) -> list[Counted]:
        """Return what had trouble after this log position, in its order."""
        return self._counted(_TROUBLED, {"after": after}, now=now)

    def named(self, subjects: Sequence[tuple[UUID, UUID]], *, now: datetime) -> list[Counted]:
        """Return what was counted of these (workspace, subject); nothing of unknown ones."""
        workspaces, ids = [w for w, _ in subjects], [s for _, s in subjects]
        return self._counted(_NAMED, {"workspaces": workspaces, "subjects": ids}, now=now)

    def waiting(self, *, now: datetime) -> list[Waiting]:
        """Return lanes that the rules may let go on."""
        rows = self._rows(_WAITING, {"now": now})
        return [Waiting(w, Place(d, to), state, left) for w, d, to, state, left in rows]

    def ripe(self, *, now: datetime) -> list[Ripe]:
        """Return lanes whose warm-up's day is over."""
        rows = self._rows(_RIPE, {"before": now - DAY})
        return [Ripe(w, Place(d, to), step, began) for w, d, to, step, began in rows]

    def day(self, ripe: Ripe) -> Day:
        """Return what the lane did in its day."""
        values = msgspec.structs.asdict(ripe.place) | {
            "workspace_id": ripe.workspace_id,
            "since": ripe.day_began,
            "full": full_at(ripe.step),
        }
        rows = self._rows(_HOURS, values)
        counts = {Kind(kind): int(count) for kind, count, _ in rows}
        return Day(tally=Tally(counts), full_hours=sum(full for _, _, full in rows))

    def _counted(
        self, query: LiteralString, values: dict[str, object], *, now: datetime
    ) -> list[Counted]:
        values |= {"since": now - timedelta(seconds=DAY_S), "wide": WITNESSES * WITNESS_WIDTH}
        found: dict[tuple[UUID, UUID], list[tuple[Any, ...]]] = {}
        for row in self._rows(query, values):
            found.setdefault(row[:2], []).append(row)
        return [_counted(rows) for rows in found.values()]

    def _rows(self, query: LiteralString, values: dict[str, object]) -> list[tuple[Any, ...]]:
        with self._pool.connection() as connection:
            return connection.execute(query, values).fetchall()


def _counted(rows: Sequence[tuple[Any, ...]]) -> Counted:
    workspace_id, subject_id, domain, destination, era, latest, trouble_at, *_ = rows[0]
    counts = {Kind(kind): int(count) for *_, kind, count, _ in rows if kind}
    witnesses = {Kind(kind): _witnesses(sample) for *_, kind, _, sample in rows if sample}
    letters = Tally(_letters(latest), witnesses)
    return Counted(
        workspace_id=workspace_id,
        subject_id=subject_id,
        place=Place(domain, destination) if domain else None,
        window=Window(era=era, latest=letters, day=Tally(counts, witnesses)),
        trouble_at=trouble_at,
    )


def _letters(latest: str) -> dict[Kind, int]:
    return {KIND_OF_LETTER[letter]: latest.count(letter) for letter in set(latest)}


def _witnesses(sample: str) -> tuple[Witness, ...]:
    """Take them apart again: an id, and the code padded with spaces, each of the same width."""
    cut: Iterable[str] = (
        sample[at : at + WITNESS_WIDTH] for at in range(0, len(sample), WITNESS_WIDTH)
    )
    return tuple(Witness(UUID(one[:36]), one[36:].strip()) for one in cut)
