"""Who did what, when, from where, with which command? Without personal data."""

from collections.abc import Sequence
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import TupleRow

from projections.projection import ALL_CONTEXTS, RecordedEvent, Table

INSERT = """
INSERT INTO audit_log AS t (workspace_id, command_id, tag, position, events, object_id, recorded_at,
                            actor, ip, correlation_id)
SELECT u.w, u.c, u.t, u.p, u.n, u.o, u.a, c.actor, c.ip, c.correlation_id
  FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::bigint[], %b::int[], %b::uuid[],
              %b::timestamptz[]) AS u(w, c, t, p, n, o, a)
  JOIN commits c ON c.workspace_id = u.w AND c.command_id = u.c
ON CONFLICT (workspace_id, command_id, tag) DO UPDATE SET events = t.events + excluded.events
"""


class Audit:
    """One row a command and kind of event: a bulk append is one line, with its count."""

    name = "audit"
    version = 1
    contexts = ALL_CONTEXTS
    opens = False
    tables = (
        Table(
            name="audit_log",
            columns=(
                "command_id uuid NOT NULL",
                "tag text NOT NULL",
                "position bigint NOT NULL",
                "events integer NOT NULL",
                "object_id uuid",
                "recorded_at timestamptz NOT NULL",
                "actor text NOT NULL",
                "ip text",
                "correlation_id uuid NOT NULL",
            ),
            key=("command_id", "tag"),
            indexes=(("position",),),
        ),
    )

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        """Count by command and tag; the object is the stream of the first event."""
        lines: dict[tuple[UUID, UUID, str], list[object]] = {}
        for recorded in events:
            key = (recorded.workspace_id, recorded.command_id, recorded.event.TAG)
            line = lines.get(key)
            if line is None:
                lines[key] = [recorded.position, 1, recorded.stream_id, recorded.recorded_at]
            else:
                line[1] = int(str(line[1])) + 1
        if lines:
            rows = [(*key, *line) for key, line in lines.items()]
            cursor.execute(INSERT, [list(column) for column in zip(*rows, strict=True)])
