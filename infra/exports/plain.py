"""The events of an export alone, for pipes."""

from collections.abc import Iterator

from psycopg import Connection
from psycopg.rows import TupleRow

from infra.eventstore.commit_rows import commits_of
from infra.eventstore.reader import read_page
from infra.exports.job import ExportJob
from infra.exports.lines import export_event


def write_lines(
    connection: Connection[TupleRow], job: ExportJob, *, horizon: int
) -> Iterator[tuple[int, bytes]]:
    """Yield position and line of each event that is wanted, in order, sealed."""
    wanted, workspace_id = job.filter, job.workspace_id
    after, upto = wanted.after, min(horizon, wanted.upto or horizon)
    while page := read_page(connection, after, upto=upto):
        after = page[-1].position
        rows = [row for row in page if row.workspace_id == workspace_id]
        commits = commits_of(connection, rows) if rows else {}
        for row in rows:
            commit = commits.get((workspace_id, row.command_id))
            actor = commit.actor if commit else None
            if wanted.wants(
                position=row.position,
                recorded_at=row.recorded_at,
                stream_id=row.stream_id,
                tag=row.tag,
                actor=actor or "",
            ):
                yield row.position, export_event(row, actor=actor, opened=None)
