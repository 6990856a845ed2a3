"""Bring a vault up to what was kept outside of it: after a restore, and at every start.

Fences whom the ledger names, and gives a vault whose epoch is destroyed the live keys of the
newest. All of it may be repeated, and costs nothing when there is nothing to do.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.crypto.epochs import current_epoch, hold_epoch, name_epoch
from infra.crypto.vault import OutsideVault

BATCH = 5_000
T = TypeVar("T")
_FENCE = """
INSERT INTO fences (workspace_id, subject_id, fenced_at)
SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::timestamptz[]) ON CONFLICT DO NOTHING
RETURNING workspace_id, subject_id
"""
_DESTROY = """
DELETE FROM subject_keys s USING fences f
 WHERE s.workspace_id = f.workspace_id AND s.subject_id = f.subject_id
"""
_UNFENCED = """
SELECT count(*) FROM unnest(%b::uuid[], %b::uuid[]) AS u(workspace_id, subject_id)
 WHERE NOT EXISTS (SELECT FROM fences f
                    WHERE f.workspace_id = u.workspace_id AND f.subject_id = u.subject_id)
"""
_NEWEST = "SELECT coalesce(max(epoch), 0) FROM epochs"
_WORKSPACES = """
INSERT INTO workspace_keys (workspace_id, epoch, wrapped)
SELECT w, %b, k FROM unnest(%b::uuid[], %b::bytea[]) AS u(w, k)
"""
_SUBJECTS = """
INSERT INTO subject_keys (workspace_id, subject_id, epoch, wrapped)
SELECT w, s, %b, k FROM unnest(%b::uuid[], %b::uuid[], %b::bytea[]) AS u(w, s, k)
 WHERE NOT EXISTS (SELECT FROM fences f WHERE f.workspace_id = w AND f.subject_id = s)
ON CONFLICT (workspace_id, subject_id) DO UPDATE
   SET epoch = excluded.epoch, wrapped = excluded.wrapped
"""
_FORGET = (
    "DELETE FROM subject_keys WHERE epoch <> ALL(%b)",
    "DELETE FROM workspace_keys WHERE epoch <> ALL(%b)",
    """UPDATE epochs SET destroyed_at = clock_timestamp()
        WHERE epoch <> ALL(%b) AND destroyed_at IS NULL""",
)


class Settled(msgspec.Struct, frozen=True):
    """What was done: persons fenced again, keys given back, and under which epoch (0: no need)."""

    erased_again: int
    keys_restored: int
    adopted_epoch: int


class Person(NamedTuple):
    """Who is meant."""

    workspace_id: UUID
    subject_id: UUID


def settle(connection: Connection[TupleRow], outside: OutsideVault) -> Settled:
    """Fence, adopt, destroy; `connection` is the vault's own, in autocommit."""
    fenced = _replay(connection, outside)
    restored = adopted = 0
    if outside.live_keys.epoch > _newest(connection):
        adopted = outside.live_keys.epoch
        restored = _adopt(connection, outside, adopted)
    current_epoch(connection, outside.keys)  # says so when the key of the epoch is missing
    return Settled(fenced, restored, adopted)


def unsettled(connection: Connection[TupleRow], outside: OutsideVault) -> int:
    """Return how many erasures of the ledger this vault does not know: it is an older copy."""
    people = list(outside.ledger.people())
    if not people:
        return 0
    row = connection.execute(_UNFENCED, _columns(people, 2)).fetchone()
    return int(row[0]) if row else 0


def _replay(connection: Connection[TupleRow], outside: OutsideVault) -> int:
    """Fence whom the ledger names, destroy the keys, blank them in the live keys."""
    fenced = 0
    erased = ((*person, at) for person, at in outside.ledger.people().items())
    for batch in _batches(erased, BATCH):
        for person in connection.execute(_FENCE, _columns(batch, 3), binary=True).fetchall():
            outside.live_keys.blank(*Person(*person))
            fenced += 1
    if fenced:
        connection.execute(_DESTROY)
    return fenced


def _adopt(connection: Connection[TupleRow], outside: OutsideVault, epoch: int) -> int:
    """Load the live keys, in one transaction, and drop what no epoch opens any more."""
    live, restored = outside.live_keys, 0
    with connection.transaction():
        hold_epoch(connection)
        name_epoch(connection, outside.keys, epoch)
        for houses in _batches(live.workspaces(), BATCH):
            connection.execute(_WORKSPACES, (epoch, *_columns(houses, 2)))
        for people in _batches(live.subjects(), BATCH):
            restored += connection.execute(_SUBJECTS, (epoch, *_columns(people, 3))).rowcount
        known = outside.keys.known()
        for statement in _FORGET:
            connection.execute(statement.encode(), (known,))
    return restored


def _newest(connection: Connection[TupleRow]) -> int:
    row = connection.execute(_NEWEST).fetchone()
    return int(row[0]) if row else 0


def _columns(rows: Sequence[Sequence[object]], width: int) -> tuple[list[object], ...]:
    return tuple([row[at] for row in rows] for at in range(width))


def _batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch
