"""A workspace's log in slices, one a seal, with each row's leaf; then what is not sealed yet."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from domain.privacy.export_filter import ExportFilter
from infra.eventstore.commit_rows import CommitRow, commits_of
from infra.eventstore.leaves import Leaf, leaves_of
from infra.eventstore.reader import LogRow, read_page
from infra.eventstore.seal_rows import seals_after
from infra.eventstore.seals import Seal, SealHead

SEALS_A_READ = 32

Commits = Mapping[tuple[UUID, UUID], CommitRow]


class Slice(NamedTuple):
    """At most 10,000 events in order. `leaves` has each event's and each commit's, with its row."""

    seal: Seal | None
    position: int  # where the slice ends
    leaves: Sequence[tuple[Leaf, LogRow | CommitRow]]
    commits: Commits


def slices(
    connection: Connection[TupleRow],
    workspace_id: UUID,
    *,
    seal: int,
    last_seal: int,
    after: int,
    upto: int,
) -> Iterator[Slice]:
    """Yield the slices after seal number `seal`, which ends at position `after`.

    The last sealed one may end beyond `upto`: its root is over rows that are not asked for. The
    connection is in autocommit.
    """
    while seals := seals_after(connection, workspace_id, seal, limit=SEALS_A_READ):
        for found in seals:
            if found.number > last_seal or after >= upto:
                break
            # Positions between two seals belong to other workspaces.
            start = max(after, found.first_position - 1)
            pages = list(workspace_pages(connection, workspace_id, start, found.last_position))
            leaves = [leaf for page, commits in pages for leaf in leaves_of(page, commits)]
            known = {key: commit for _, commits in pages for key, commit in commits.items()}
            yield Slice(found, found.last_position, leaves, known)
            seal, after = found.number, found.last_position
        else:
            continue
        break
    for page, commits in workspace_pages(connection, workspace_id, after, upto):
        yield Slice(None, page[-1].position, list(leaves_of(page, commits)), commits)


def seal_before(connection: Connection[TupleRow], workspace_id: UUID, position: int) -> SealHead:
    """Return the last seal that ends at or before a position; number 0 when there is none."""
    row = connection.execute(
        "SELECT number, last_position FROM log_seals"
        " WHERE workspace_id = %s AND last_position <= %s ORDER BY number DESC LIMIT 1",
        (workspace_id, position),
    ).fetchone()
    return SealHead(*row) if row else SealHead()


def actor_of(commits: Commits, row: LogRow) -> str | None:
    """Return who made an event; None when its commit is gone."""
    commit = commits.get((row.workspace_id, row.command_id))
    return commit.actor if commit else None


def is_wanted(wanted: ExportFilter, row: LogRow, *, actor: str | None) -> bool:
    """Tell whether an event is asked for."""
    return wanted.wants(
        position=row.position,
        recorded_at=row.recorded_at,
        stream_id=row.stream_id,
        tag=row.tag,
        actor=actor or "",
    )


def workspace_pages(
    connection: Connection[TupleRow], workspace_id: UUID, after: int, upto: int
) -> Iterator[tuple[list[LogRow], dict[tuple[UUID, UUID], CommitRow]]]:
    """Yield a workspace's events by pages, with their commits."""
    while page := read_page(connection, after, upto=upto):
        after = page[-1].position
        rows = [row for row in page if row.workspace_id == workspace_id]
        if rows:
            yield rows, commits_of(connection, rows)
