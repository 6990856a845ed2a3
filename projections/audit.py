"""Who did what to which object, when, from where, with which command? Without personal data."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.rows import TupleRow

from projections.projection import ALL_CONTEXTS, RecordedEvent, Table

INSERT = """
INSERT INTO audit_log AS t (workspace_id, command_id, tag, object_id, object_type, position,
                            last_position, events, recorded_at, actor, command, ip,
                            correlation_id, causation_id)
SELECT u.w, u.c, u.t, u.o, u.k, u.p, u.l, u.n, u.a, c.actor, c.command, c.ip, c.correlation_id,
       c.causation_id
  FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::uuid[], %b::text[], %b::bigint[],
              %b::bigint[], %b::int[], %b::timestamptz[]) AS u(w, c, t, o, k, p, l, n, a)
  JOIN commits c ON c.workspace_id = u.w AND c.command_id = u.c
ON CONFLICT (workspace_id, command_id, tag, object_id)
DO UPDATE SET events = t.events + excluded.events, last_position = excluded.last_position
"""
GROUPS = ("campaign_id", "import_id")
"""What bulk facts are told of: a line a campaign or import, not a line a person."""


class Audit:
    """One row a command, kind of event and object: a bulk append is a line, with its count."""

    name = "audit"
    version = 2
    contexts = ALL_CONTEXTS
    opens = False
    tables = (
        Table(
            name="audit_log",
            columns=(
                "command_id uuid NOT NULL",
                "tag text NOT NULL",
                "object_id uuid NOT NULL",
                "object_type text NOT NULL",
                "position bigint NOT NULL",
                "last_position bigint NOT NULL",
                "events integer NOT NULL",
                "recorded_at timestamptz NOT NULL",
                "actor text NOT NULL",
                "command text NOT NULL",
                "ip text",
                "correlation_id uuid NOT NULL",
                "causation_id uuid",
            ),
            key=("command_id", "tag", "object_id"),
            indexes=(
                ("position",),
                ("actor", "position"),
                ("tag", "position"),
                ("object_id", "position"),
                ("correlation_id", "position"),
                ("recorded_at",),
            ),
        ),
    )

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        """Count by command, tag and object; positions are those of the first and last event."""
        lines: dict[tuple[UUID, UUID, str, UUID, str], _Line] = {}
        for recorded in events:
            kind, object_id = audited_object(recorded)
            key = (
                recorded.workspace_id,
                recorded.command_id,
                recorded.event.TAG,
                object_id,
                kind,
            )
            line = lines.get(key)
            if line is None:
                line = lines[key] = _Line(recorded)
            line.last_position = recorded.position
            line.events += 1
        if lines:
            rows = [
                (*key, line.first.position, line.last_position, line.events, line.first.recorded_at)
                for key, line in lines.items()
            ]
            cursor.execute(INSERT, [list(column) for column in zip(*rows, strict=True)])


class _Line(msgspec.Struct):
    first: RecordedEvent
    last_position: int = 0
    events: int = 0


def audited_object(recorded: RecordedEvent) -> tuple[str, UUID]:
    """Return type and id of what an event is about.

    A decision is about the thing whose stream it stands in. A fact is about its campaign or its
    import, else about the first thing it names, else about the workspace.
    """
    ids = {
        name: value
        for name in recorded.event.__struct_fields__
        if name.endswith("_id") and isinstance(value := getattr(recorded.event, name), UUID)
    }
    named = [name for name, value in ids.items() if value == recorded.stream_id]
    named += [name for name in GROUPS if name in ids]
    named += list(ids)
    if not named:
        return "workspace", recorded.workspace_id
    return named[0].removesuffix("_id"), ids[named[0]]
