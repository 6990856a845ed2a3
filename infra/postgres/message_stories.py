"""What an explanation of a message rests on: its row, the event behind it, and where it waits.

Every question is answered by an index: rows by their key, decisions by their stream, facts by
their derived id. None looks through the log.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import LiteralString, Protocol, TypeVar
from uuid import UUID

import msgspec

from domain.contacts.events import (
    ContactDeleted,
    ContactSuppressed,
    ContactUnsubscribed,
)
from domain.delivery.events import EmailSkipped, SkipReason
from domain.delivery.explanation import (
    WAITING,
    Absence,
    Cause,
    Explanation,
    Queued,
    Story,
    explain,
    explain_absence,
)
from domain.delivery.fact_ids import skip_id
from domain.delivery.waiting import Place
from domain.shared.ids import time_ms_of
from domain.shared.model import Event
from domain.shared.platform import PLATFORM
from infra.eventstore.event_types import EVENT_TYPES
from infra.eventstore.upcasters import upcast
from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import read_in_scope

T = TypeVar("T")

ROW: LiteralString = """
SELECT message_id, campaign_id, contact_id, status, reason, attempt, relay, status_at AS at,
       status_position AS position
  FROM messages WHERE workspace_id = %(workspace_id)s"""
ONE = ROW + " AND message_id = %(message_id)s"
OF_PERSON: LiteralString = (
    ROW + " AND contact_id = %(contact_id)s AND campaign_id = %(campaign_id)s"
    " ORDER BY message_id DESC LIMIT 1"
)
MARKS: LiteralString = """
SELECT kind, position, at, attempt, relay, code, status, reason, reply, retry_at, link,
       handed_over_at, handed_over_position
  FROM message_marks WHERE workspace_id = %(workspace_id)s AND message_id = %(message_id)s
 ORDER BY position LIMIT 1000
"""
DECISION: LiteralString = """
SELECT position, recorded_at, tag, data FROM events
 WHERE workspace_id = %(workspace_id)s AND kind = 'd' AND stream_id = %(stream_id)s
   AND tag = ANY(%(tags)s) AND position < %(before)s
 ORDER BY version DESC LIMIT 1
"""
FACT: LiteralString = """
SELECT position, recorded_at, tag, data FROM events
 WHERE workspace_id = %(workspace_id)s AND kind = 'f' AND stream_id = %(stream_id)s
"""
ERASED: LiteralString = """
SELECT erased_position AS position, erased_at AS at FROM contacts
 WHERE workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s
   AND erased_position IS NOT NULL
"""
TASK: LiteralString = """
SELECT t.destination, t.due_at, (
    SELECT count(*) FROM (
        SELECT FROM email_tasks q
         WHERE q.workspace_id = t.workspace_id AND q.campaign_id = t.campaign_id AND q.phase = 0
           AND q.destination = t.destination AND q.due_at < t.due_at LIMIT 10000) AS before
    ) AS ahead
  FROM email_tasks t
 WHERE t.workspace_id = %(workspace_id)s AND t.message_id = %(message_id)s AND t.phase = 0
"""
PLACES: LiteralString = """
SELECT clock_timestamp() AS now, r.gate, r.send_at, d.destination, k.scope AS switch,
       k.reason AS switch_reason, l.state AS lane_state, l.reason AS lane_reason, l.blocked_until,
       l.probes_left, l.hour_cap, l.hour_used, l.hour_began, b.tokens, b.rate_per_s
  FROM campaign_runs r
  JOIN campaign_destinations d USING (workspace_id, campaign_id)
  LEFT JOIN LATERAL (
    SELECT o.* FROM lanes_of(r.workspace_id, r.sending_domain, d.destination) o
     ORDER BY standing_allows(o), o.destination = 'all' LIMIT 1) l ON true
  LEFT JOIN LATERAL (
    SELECT s.scope, s.reason FROM kill_switches s
     WHERE s.workspace_id = r.workspace_id AND s.is_on
       AND ((s.scope = 'workspace' AND s.key = '')
            OR (s.scope = 'campaign' AND s.key = r.campaign_id::text)
            OR (s.scope = 'domain' AND s.key = r.sending_domain))
     LIMIT 1) k ON true
  LEFT JOIN LATERAL (
    SELECT tokens_of(s) AS tokens, s.rate_per_s
      FROM rates_of(r.workspace_id, r.sending_domain, d.destination) s ORDER BY 1 LIMIT 1) b ON true
 WHERE r.workspace_id = %(workspace_id)s AND r.campaign_id = %(campaign_id)s"""
PLACE = PLACES + " AND d.destination = %(destination)s"
GLOBAL_SWITCH: LiteralString = """
SELECT reason FROM kill_switches
 WHERE workspace_id = %(workspace_id)s AND scope = 'global' AND is_on LIMIT 1
"""
ABSENT: LiteralString = """
SELECT r.gate, r.launched_position, r.launched_at_ms, r.expanded, c.added_position, c.added_at,
       coalesce(c.erased_position, c.deleted_position) AS gone_position,
       coalesce(c.erased_at, c.deleted_at) AS gone_at
  FROM campaigns p JOIN contacts c USING (workspace_id)
  LEFT JOIN campaign_runs r ON r.workspace_id = p.workspace_id AND r.campaign_id = p.campaign_id
 WHERE p.workspace_id = %(workspace_id)s AND p.campaign_id = %(campaign_id)s
   AND c.contact_id = %(contact_id)s
"""
CAUSES: Mapping[SkipReason, tuple[type[Event], ...]] = {
    SkipReason.UNSUBSCRIBED: (ContactUnsubscribed,),
    SkipReason.SUPPRESSED: (ContactSuppressed,),
    SkipReason.DELETED: (ContactDeleted,),
}
# Of everything that suppressed a person, also a row of a list that was imported: a fact, which no
# stream leads to.
SUPPRESSED: LiteralString = """
SELECT position, happened_at AS at, concat_ws(' ', source, nullif(text, '')) AS detail
  FROM consents WHERE workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s
   AND kind = 'suppressed' AND position < %(before)s ORDER BY position DESC LIMIT 1
"""
CANCELLED = "campaigns.campaign_cancelled.v1"


class Reads(Protocol):
    """Queries of one workspace."""

    def rows(
        self, kind: Callable[..., T], sql: LiteralString, values: Mapping[str, object]
    ) -> list[T]:
        """Return all rows; `%(workspace_id)s` is always there."""


class ScopedReads:
    """The same without a request."""

    def __init__(self, pool: Pool, workspace_id: UUID) -> None:
        self._pool = pool
        self._workspace_id = workspace_id

    def rows(
        self, kind: Callable[..., T], sql: LiteralString, values: Mapping[str, object]
    ) -> list[T]:
        """Return all rows."""
        scoped = {**values, "workspace_id": self._workspace_id}
        return read_in_scope(self._pool, self._workspace_id, kind, sql, scoped)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One message as its row has it."""

    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    status: str
    reason: str | None
    attempt: int
    relay: str | None
    at: datetime | None  # None of one that was opened before it was recorded as sent
    position: int


class _Recorded(msgspec.Struct, frozen=True):
    position: int
    recorded_at: datetime
    tag: str
    data: bytes

    def event(self) -> Event:
        tag, payload = upcast(self.tag, msgspec.json.decode(self.data))
        return msgspec.convert(payload, EVENT_TYPES[tag])


class _Waits(msgspec.Struct, frozen=True):
    destination: str
    due_at: datetime
    ahead: int


class _Switch(msgspec.Struct, frozen=True):
    reason: str


class MessageStories:
    """Explains messages of one workspace; `platform` reads what stops the installation."""

    def __init__(self, reads: Reads, platform: Reads) -> None:
        self._reads = reads
        self._platform = platform

    def of_message(self, message_id: UUID) -> Explanation | None:
        """Return the explanation; None when there is no such message."""
        found = self._reads.rows(Told, ONE, {"message_id": message_id})
        return self.of(found[0]) if found else None

    def of_person(self, campaign_id: UUID, contact_id: UUID) -> Explanation | None:
        """Return why this person got the campaign or not; None when one of them does not exist."""
        asked = {"campaign_id": campaign_id, "contact_id": contact_id}
        found = self._reads.rows(Told, OF_PERSON, asked)
        if found:
            return self.of(found[0])
        absent = self._reads.rows(_absence, ABSENT, asked)
        return explain_absence(absent[0]) if absent else None

    def of(self, told: Told) -> Explanation:
        """Return the explanation of a row."""
        story = Story(
            status=told.status,
            position=told.position,
            at=told.at or launched_at(told.message_id),
            reason=told.reason,
            attempt=told.attempt,
            relay=told.relay,
            cause=self._cause(told) if told.status == "skipped" else None,
            queued=self._queued(told) if told.status in WAITING else None,
        )
        return explain(story)

    def places(self, campaign_id: UUID) -> list[Place]:
        """Return what the claim asks, for each destination of the campaign."""
        return self._stopped(self._reads.rows(Place, PLACES, {"campaign_id": campaign_id}))

    def _queued(self, told: Told) -> Queued | None:
        waits = self._reads.rows(_Waits, TASK, {"message_id": told.message_id})
        if not waits:
            return None
        asked = {"campaign_id": told.campaign_id, "destination": waits[0].destination}
        (place,) = self._stopped(self._reads.rows(Place, PLACE, asked))
        return Queued(place=place, due_at=waits[0].due_at, ahead=waits[0].ahead)

    def _stopped(self, places: Sequence[Place]) -> list[Place]:
        """Put the switch of the installation before those of the workspace."""
        switch = self._platform.rows(_Switch, GLOBAL_SWITCH, {})
        if not switch:
            return list(places)
        reason = switch[0].reason
        return [
            msgspec.structs.replace(place, switch="global", switch_reason=reason)
            for place in places
        ]

    def _cause(self, told: Told) -> Cause | None:
        reason = SkipReason(told.reason or "")
        if reason is SkipReason.ERASED:
            found = self._reads.rows(Cause, ERASED, {"contact_id": told.contact_id})
            return found[0] if found else None
        if reason is SkipReason.UNRENDERABLE:
            asked = {"stream_id": skip_id(told.message_id)}
            recorded = self._reads.rows(_Recorded, FACT, asked)
        elif reason is SkipReason.CANCELLED:
            recorded = self._decided(told.campaign_id, [CANCELLED], told.position)
        else:
            tags = [event.TAG for event in CAUSES[reason]]
            recorded = self._decided(told.contact_id, tags, told.position)
        cause = _cause_of(recorded[0]) if recorded else None
        if reason is SkipReason.SUPPRESSED:
            of_person = {"contact_id": told.contact_id, "before": told.position}
            last = self._reads.rows(Cause, SUPPRESSED, of_person)
            if last and (cause is None or cause.position < last[0].position):
                return last[0]
        return cause

    def _decided(self, stream_id: UUID, tags: Sequence[str], before: int) -> list[_Recorded]:
        asked = {"stream_id": stream_id, "tags": list(tags), "before": before}
        return self._reads.rows(_Recorded, DECISION, asked)


def launched_at(message_id: UUID) -> datetime:
    """Return the launch that the id begins with."""
    return datetime.fromtimestamp(time_ms_of(message_id) / 1000, UTC)


def stories(pool: Pool, workspace_id: UUID) -> MessageStories:
    """Return the stories of a workspace, for those who ask without a request."""
    return MessageStories(ScopedReads(pool, workspace_id), ScopedReads(pool, PLATFORM))


def _cause_of(recorded: _Recorded) -> Cause:
    event = recorded.event()
    place = Cause(position=recorded.position, at=recorded.recorded_at)
    match event:
        case ContactSuppressed():
            said = f"{event.reason} {event.detail}".strip()
            return msgspec.structs.replace(place, detail=said, message_id=event.caused_by)
        case ContactUnsubscribed():
            return msgspec.structs.replace(place, campaign_id=event.campaign_id)
        case EmailSkipped():
            return msgspec.structs.replace(place, detail=event.detail)
        case _:
            return place


def _absence(**row: object) -> Absence:
    launched_at_ms, gone_position = row.pop("launched_at_ms"), row.pop("gone_position")
    gone_at = row.pop("gone_at")
    gone = None
    if isinstance(gone_position, int) and isinstance(gone_at, datetime):
        gone = Cause(position=gone_position, at=gone_at)
    launched_at = None
    if isinstance(launched_at_ms, int):
        launched_at = datetime.fromtimestamp(launched_at_ms / 1000, UTC)
    known = {"gate": row.pop("gate") or "draft", "expanded": bool(row.pop("expanded"))}
    return Absence(**known, **row, launched_at=launched_at, gone=gone)  # type: ignore[arg-type] # columns
