"""How is each sender received: by hour and destination, and since the last time it began anew?"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.campaigns.events import CampaignResumed
from domain.delivery.lane import Place
from domain.delivery.lane_events import LaneOpened, LaneProbesGranted
from domain.delivery.reputation import LATEST, LETTERS, TROUBLE, WITNESSES, Kind, kind_of
from domain.shared.model import Event
from projections.projection import RecordedEvent, Table

WITNESS_WIDTH = 52
"""Of one message in a sample: 36 characters of its id, a space, reply code and enhanced status."""
NO_PLACE = Place("", "")
_ADD_HOURS = """
INSERT INTO sender_health AS t (workspace_id, sending_domain, destination, hour_at, kind, count)
SELECT * FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::timestamptz[], %b::text[], %b::int[])
ON CONFLICT (workspace_id, sending_domain, destination, hour_at, kind)
DO UPDATE SET count = t.count + excluded.count
"""
_ADD_SUBJECTS = """
INSERT INTO reputation_subjects AS t (workspace_id, subject_id, sending_domain, destination,
                                      latest, trouble_at)
SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::text[], %b::text[], %b::bigint[])
ON CONFLICT (workspace_id, subject_id)
DO UPDATE SET latest = right(t.latest || excluded.latest, {latest}),
              trouble_at = greatest(t.trouble_at, excluded.trouble_at)
""".replace("{latest}", str(LATEST))
_ADD_WINDOWS = """
INSERT INTO reputation_windows AS t (workspace_id, subject_id, hour_at, kind, count, sample)
SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::timestamptz[], %b::text[], %b::int[], %b::text[])
ON CONFLICT (workspace_id, subject_id, hour_at, kind)
DO UPDATE SET count = t.count + excluded.count, sample = left(t.sample || excluded.sample, {wide})
""".replace("{wide}", str(WITNESSES * WITNESS_WIDTH))
_FORGET_OLD = """
DELETE FROM reputation_windows t
 USING unnest(%b::uuid[], %b::uuid[], %b::timestamptz[]) AS u(w, s, at)
 WHERE t.workspace_id = u.w AND t.subject_id = u.s AND t.hour_at < u.at - interval '2 days'
"""
_FORGET = """
DELETE FROM reputation_windows WHERE workspace_id = %(workspace_id)s AND subject_id = %(subject)s
"""
_BEGIN_ANEW = """
INSERT INTO reputation_subjects AS t (workspace_id, subject_id, sending_domain, destination, era)
VALUES (%(workspace_id)s, %(subject)s, %(sending_domain)s, %(destination)s, 1)
ON CONFLICT (workspace_id, subject_id)
DO UPDATE SET era = t.era + 1, latest = '', trouble_at = 0
"""

_Subject = tuple[UUID, UUID]  # workspace; lane or campaign


class SenderHealth:
    """Counts of outcomes by their meaning (`domain.delivery.reputation.Kind`).

    `sender_health` is by lane and hour, for ever. The windows are of subjects: lanes, domains,
    workspaces and campaigns; they begin anew when a lane is opened or probed, or a campaign
    resumed, which `era` counts. `latest` has a letter for each of the last answers.
    """

    name = "sender_health"
    version = 2
    contexts = frozenset({"delivery", "campaigns"})
    opens = False
    tables = (
        Table(
            name="sender_health",
            columns=(
                "sending_domain text NOT NULL",
                "destination text NOT NULL",
                "hour_at timestamptz NOT NULL",
                "kind text NOT NULL",
                "count integer NOT NULL",
            ),
            key=("sending_domain", "destination", "hour_at", "kind"),
            indexes=(("hour_at",),),
        ),
        Table(
            name="reputation_subjects",
            columns=(
                "subject_id uuid NOT NULL",
                "sending_domain text NOT NULL",
                "destination text NOT NULL",
                "era integer NOT NULL DEFAULT 0",
                "latest text NOT NULL DEFAULT ''",
                "trouble_at bigint NOT NULL DEFAULT 0",
            ),
            key=("subject_id",),
        ),
        Table(
            name="reputation_windows",
            columns=(
                "subject_id uuid NOT NULL",
                "hour_at timestamptz NOT NULL",
                "kind text NOT NULL",
                "count integer NOT NULL",
                "sample text NOT NULL",
            ),
            key=("subject_id", "hour_at", "kind"),
        ),
    )

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        """Count in memory up to where something begins anew, then add; and on."""
        counts = _Counts()
        for recorded in events:
            event = recorded.event
            if kind := kind_of(event):
                counts.add(recorded, kind)
            elif isinstance(event, LaneOpened | LaneProbesGranted | CampaignResumed):
                counts.write(cursor)
                counts = _Counts()
                values = _subject_of(event) | {"workspace_id": recorded.workspace_id}
                cursor.execute(_FORGET, values)
                cursor.execute(_BEGIN_ANEW, values)
        counts.write(cursor)


def _subject_of(event: LaneOpened | LaneProbesGranted | CampaignResumed) -> dict[str, object]:
    if isinstance(event, CampaignResumed):
        return {"subject": event.campaign_id, "sending_domain": "", "destination": ""}
    return {
        "subject": event.lane_id,
        "sending_domain": event.sending_domain,
        "destination": event.destination,
    }


class _Counts:
    """What a run of events adds."""

    def __init__(self) -> None:
        self._hours: Counter[tuple[UUID, Place, datetime, Kind]] = Counter()
        self._windows: Counter[tuple[_Subject, datetime, Kind]] = Counter()
        self._samples: defaultdict[tuple[_Subject, datetime, Kind], str] = defaultdict(str)
        self._latest: defaultdict[_Subject, list[str]] = defaultdict(list)
        self._places: dict[_Subject, Place] = {}
        self._trouble: dict[_Subject, int] = {}
        self._newest: dict[_Subject, datetime] = {}
        self._subjects: dict[tuple[UUID, str, str, UUID], list[_Subject]] = {}

    def add(self, recorded: RecordedEvent, kind: Kind) -> None:
        event: Any = recorded.event  # an outcome: all of them have these fields
        workspace_id = recorded.workspace_id
        hour = recorded.recorded_at.replace(minute=0, second=0, microsecond=0)
        where = (workspace_id, event.sending_domain, event.destination, event.campaign_id)
        subjects = self._subjects.get(where) or self._know(where)
        if event.destination:
            lane = Place(event.sending_domain, event.destination)
            self._hours[workspace_id, lane, hour, kind] += 1
        if kind is not Kind.COMPLAINED:
            self._latest[subjects[0]].append(LETTERS[kind])
        for subject in subjects:
            self._windows[subject, hour, kind] += 1
            self._newest[subject] = hour
        if kind in TROUBLE:
            witness = _witness(event)
            for subject in subjects:
                self._trouble[subject] = recorded.position
                if len(self._samples[subject, hour, kind]) < WITNESSES * WITNESS_WIDTH:
                    self._samples[subject, hour, kind] += witness

    def _know(self, where: tuple[UUID, str, str, UUID]) -> list[_Subject]:
        """Return whose windows an outcome is counted in: its lane first, its campaign last."""
        workspace_id, domain, destination, campaign_id = where
        places = Place(domain, destination).within() if destination else ()
        subjects = [(workspace_id, place.lane_id) for place in places]
        self._places |= zip(subjects, places, strict=True)
        subjects.append((workspace_id, campaign_id))
        self._places[subjects[-1]] = NO_PLACE
        self._subjects[where] = subjects
        return subjects

    def write(self, cursor: Cursor[TupleRow]) -> None:
        if not self._windows:
            return
        subjects = sorted(self._newest)
        _unnest(
            cursor,
            _ADD_SUBJECTS,
            [
                (
                    *subject,
                    self._places[subject].sending_domain,
                    self._places[subject].destination,
                    "".join(self._latest[subject][-LATEST:]),
                    self._trouble.get(subject, 0),
                )
                for subject in subjects
            ],
        )
        _unnest(
            cursor,
            _ADD_WINDOWS,
            [
                (*subject, hour, kind.value, count, self._samples.get((subject, hour, kind), ""))
                for (subject, hour, kind), count in sorted(self._windows.items())
            ],
        )
        _unnest(cursor, _FORGET_OLD, [(*subject, self._newest[subject]) for subject in subjects])
        hours = [
            (workspace_id, place.sending_domain, place.destination, hour, kind.value, count)
            for (workspace_id, place, hour, kind), count in self._hours.items()
        ]
        if hours:
            _unnest(cursor, _ADD_HOURS, sorted(hours))


def _witness(event: Event) -> str:
    code = f"{getattr(event, 'code', '')} {getattr(event, 'status', '')}".strip()
    message_id: UUID = getattr(event, "message_id")  # noqa: B009 - outcomes have one
    return f"{message_id} {code}".ljust(WITNESS_WIDTH)[:WITNESS_WIDTH]


def _unnest(cursor: Cursor[TupleRow], statement: Any, rows: Sequence[tuple[object, ...]]) -> None:  # noqa: ANN401
    cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])
