"""The events of an export alone, for pipes."""

from collections.abc import Iterator

from psycopg import Connection
from psycopg.rows import TupleRow

from infra.exports.job import ExportJob
from infra.exports.lines import export_event
from infra.exports.slices import actor_of, is_wanted, workspace_pages


def write_lines(
    connection: Connection[TupleRow], job: ExportJob, *, horizon: int
) -> Iterator[tuple[int, bytes]]:
    """Yield position and line of each event that is wanted, in order, sealed."""
    wanted, workspace_id = job.filter, job.workspace_id
    after, upto = wanted.after, min(horizon, wanted.upto or horizon)
    for rows, commits in workspace_pages(connection, workspace_id, after, upto):
        for row in rows:
            actor = actor_of(commits, row)
            if is_wanted(wanted, row, actor=actor):
                yield row.position, export_event(row, actor=actor, opened=None)
