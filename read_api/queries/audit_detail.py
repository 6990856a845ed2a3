"""What exactly did one line of the audit log change?"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Literal, LiteralString
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from domain.privacy.names import OPEN_PERSONAL
from domain.shared.model import Event
from infra.eventstore.event_types import personal_fields
from infra.eventstore.mapper import Mapper, UnknownEventError
from projections.audit import audited_object
from projections.projection import RecordedEvent
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.actor_names import ActorNames
from read_api.queries.audit import LINES
from schemas.http.audit import AuditDetail, AuditedEvent, AuditLine, FieldChange

SHOWN = 20
LOOKED_AT = 500
"""Events of one command that are looked through for those of the line, and of a stream's past."""
LONGEST = 1_000
BOX = b'"~":'
"""In stored events that have anything sealed."""
LINE: LiteralString = LINES + " AND position > %(position)s - 2 ORDER BY position DESC LIMIT 1"
EVENTS: LiteralString = """
SELECT position, kind::text, stream_id, version, command_id, recorded_at, tag, data FROM events
 WHERE workspace_id = %(workspace_id)s AND command_id = %(command_id)s
   AND position BETWEEN %(first)s AND %(last)s
 ORDER BY position LIMIT %(fetch)s
"""
BEFORE: LiteralString = """
SELECT position, kind::text, stream_id, version, command_id, recorded_at, tag, data FROM events
 WHERE workspace_id = %(workspace_id)s AND kind = 'd' AND stream_id = %(stream_id)s
   AND version < %(version)s
 ORDER BY version DESC LIMIT %(fetch)s
"""


class _Row(msgspec.Struct):
    position: int
    kind: str
    stream_id: UUID
    version: int
    command_id: UUID
    recorded_at: datetime
    tag: str
    data: bytes


@get(
    "/v1/audit/{position:int}",
    sync_to_thread=True,
    opt={"permission": "audit:read", "reads": ("audit",)},
    summary="One line of the audit log, and what it changed",
    tags=["audit"],
)
def get_audit_line(
    position: FromPath[int],
    reads: NamedDependency[SkipValidation[TenantReads]],
    actor_names: NamedDependency[SkipValidation[ActorNames]],
    audit_mapper: NamedDependency[SkipValidation[Mapper]],
    permissions: NamedDependency[SkipValidation[AbstractSet[str]]],
) -> AuditDetail:
    """Return the line that begins at a position, with its first events: each field before, after.

    Before is what the earlier events of the same thing said last.
    """
    bounded = max(0, min(position, 2**62))
    line = reads.one(AuditLine, LINE, {"position": bounded + 1})
    changes = _Changes(reads, audit_mapper, may_open=OPEN_PERSONAL in permissions)
    (named,) = actor_names.named(reads, [line])
    return AuditDetail(**msgspec.structs.asdict(named), shown=changes.of(line))


class _Changes:
    """Reads the events of a line in the workspace of the request."""

    def __init__(self, reads: TenantReads, mapper: Mapper, *, may_open: bool) -> None:
        self._reads = reads
        self._mapper = mapper
        self._may_open = may_open

    def of(self, line: AuditLine) -> list[AuditedEvent]:
        """Return the first events of the line."""
        bounds = {"first": line.position, "last": line.last_position, "fetch": LOOKED_AT}
        rows = self._reads.rows(_Row, EVENTS, {"command_id": line.command_id, **bounds})
        own = [(row, event) for row, event in self._decoded(rows) if self._is_of(line, row, event)]
        self._mapper.forget()  # who was erased a moment ago is not opened with a key from before
        return [self._audited(row, event) for row, event in own[:SHOWN]]

    def _is_of(self, line: AuditLine, row: _Row, event: Event) -> bool:
        workspace_id, stream_id = self._reads.workspace_id, row.stream_id
        recorded = RecordedEvent(
            row.position, workspace_id, stream_id, row.command_id, row.recorded_at, event
        )
        return (event.TAG, audited_object(recorded)[1]) == (line.tag, line.object_id)

    def _audited(self, row: _Row, event: Event) -> AuditedEvent:
        past: list[tuple[_Row, Event]] = []
        if row.kind == "d":
            asked = {"stream_id": row.stream_id, "version": row.version, "fetch": LOOKED_AT}
            rows = self._reads.rows(_Row, BEFORE, asked)
            past = list(self._decoded(reversed(rows)))
        *before, now = map(_fields, self._opened([*past, (row, event)]))
        said: dict[str, Any] = {}
        for earlier in before:
            said |= earlier
        personal = set(personal_fields(type(event))) if BOX in row.data else set()
        state = self._state(personal & now.keys())
        return AuditedEvent(
            position=row.position,
            tag=event.TAG,
            before_tag=past[-1][1].TAG if past else None,
            changes=[
                FieldChange(
                    field=name,
                    before=_cut(said.get(name)),
                    after=_cut(now.get(name)),
                    personal=state if name in personal else None,
                )
                for name in event.__struct_fields__
                if name in now or name in personal
            ],
        )

    def _state(self, opened: AbstractSet[str]) -> Literal["sealed", "opened", "erased"]:
        """Say what became of personal fields that were asked to open."""
        if not self._may_open:
            return "sealed"
        return "opened" if opened else "erased"

    def _opened(self, found: Sequence[tuple[_Row, Event]]) -> list[Event]:
        """Return the events, with personal fields when they may be opened and can be."""
        if not self._may_open:
            return [event for _, event in found]
        sealed = [(event, bytes(row.data)) for row, event in found]
        return self._mapper.open(self._reads.workspace_id, sealed)

    def _decoded(self, rows: Iterable[_Row]) -> Iterable[tuple[_Row, Event]]:
        for row in rows:
            try:
                yield row, self._mapper.decode(row.tag, bytes(row.data))
            except UnknownEventError:  # written by a newer release, which is being rolled out
                continue


def _fields(event: Event) -> dict[str, Any]:
    """Return the fields that say something."""
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return {n: msgspec.to_builtins(value) for n, value in fields.items() if value is not None}


def _cut(value: Any) -> Any:  # noqa: ANN401 - whatever the events hold
    if isinstance(value, str) and len(value) > LONGEST:
        return value[:LONGEST] + "…"
    return value
