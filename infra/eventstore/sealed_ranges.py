"""A workspace's log, seal by seal, with the rows and their leaves: what exports are cut from."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from infra.eventstore.commit_rows import CommitRow, commits_of
from infra.eventstore.leaves import Leaf, leaves_of
from infra.eventstore.reader import LogRow, read_page
from infra.eventstore.seal_rows import seals_after
from infra.eventstore.seals import Seal

SEALS_A_READ = 32


class SealedRange(NamedTuple):
    """What one seal covers: its leaves in order, each with its row."""

    seal: Seal
    leaves: Sequence[tuple[Leaf, LogRow | CommitRow]]


def sealed_ranges(
    connection: Connection[TupleRow], workspace_id: UUID, *, after_seal: int = 0, after: int = 0
) -> Iterator[SealedRange]:
    """Yield seal by seal, at most 10,000 events each; does not check anything.

    `after` is the last position of seal number `after_seal`. The connection is in autocommit.
    """
    while seals := seals_after(connection, workspace_id, after_seal, limit=SEALS_A_READ):
        for seal in seals:
            yield SealedRange(seal, list(_leaves(connection, workspace_id, after, seal)))
            after_seal, after = seal.number, seal.last_position


def _leaves(
    connection: Connection[TupleRow], workspace_id: UUID, after: int, seal: Seal
) -> Iterator[tuple[Leaf, LogRow | CommitRow]]:
    while page := read_page(connection, after, upto=seal.last_position):
        after = page[-1].position
        rows = [row for row in page if row.workspace_id == workspace_id]
        yield from leaves_of(rows, commits_of(connection, rows))
