"""The sealer's step: read what is new in the log, seal it workspace by workspace."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from infra.clock import now
from infra.crypto.signing import SigningKey
from infra.eventstore.commit_rows import commits_of
from infra.eventstore.leaves import Leaf, leaves_of
from infra.eventstore.reader import read_page
from infra.eventstore.seal_rows import append_seals, heads, move_sealed, sealed_upto
from infra.eventstore.seals import Seal, SealHead, SealIndex, head_after, make_seal
from infra.failpoints import Failpoint, failpoint

EVENTS_A_SEAL = 10_000
EVENTS_A_STEP = 100_000  # leaves held in memory, some 150 bytes each


def seal_next(connection: Connection[TupleRow], key: SigningKey) -> int:
    """Seal what stands after the cursor, at most a step; return how many events that were.

    Seals and cursor are one transaction: after a crash the same events are read again. Raises
    LostSealingError when another sealer was faster.
    """
    before = sealed_upto(connection)
    after, events, leaves = _read(connection, before)
    if not events:
        return 0
    failpoint(Failpoint.SEALER_READ)
    with connection.transaction():
        starts = heads(connection, list(leaves))
        for workspace_id, found in leaves.items():
            append_seals(connection, list(_seals(workspace_id, found, starts[workspace_id], key)))
        move_sealed(connection, before=before, after=after)
        failpoint(Failpoint.SEALER_WRITTEN)
    failpoint(Failpoint.SEALER_COMMITTED)
    return events


def _read(connection: Connection[TupleRow], after: int) -> tuple[int, int, dict[UUID, list[Leaf]]]:
    """Return where reading ended, the number of events, and each workspace's leaves."""
    events, found = 0, dict[UUID, list[Leaf]]()
    while events < EVENTS_A_STEP and (page := read_page(connection, after)):
        for leaf, row in leaves_of(page, commits_of(connection, page)):
            found.setdefault(row.workspace_id, []).append(leaf)
        after = page[-1].position
        events += len(page)
    return after, events, found


def _seals(
    workspace_id: UUID, leaves: Sequence[Leaf], head: SealHead, key: SigningKey
) -> Iterator[tuple[Seal, SealIndex]]:
    for run in _runs([leaf for leaf in leaves if leaf.position > head.last_position]):
        seal, index = make_seal(workspace_id, run, after=head, key=key, sealed_at=now())
        head = head_after(seal)
        yield seal, index


def _runs(leaves: Sequence[Leaf]) -> Iterator[Sequence[Leaf]]:
    """Cut into runs of at most so many events; a commit stays with its last event."""
    start, events = 0, 0
    for at, leaf in enumerate(leaves):
        if leaf.is_event:
            if events == EVENTS_A_SEAL:
                yield leaves[start:at]
                start, events = at, 0
            events += 1
    if start < len(leaves):
        yield leaves[start:]
