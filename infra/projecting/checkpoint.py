"""How far a projection is; advanced by compare-and-set in the transaction of its effects.

One row a partition. The rows of a projection are locked together by whoever must stop all of its
owners (swap, verification, repartition).
"""

from datetime import datetime

import msgspec
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from infra.projecting.partitions import WHOLE, Partition
from projections.projection import Projection

_ADVANCE = """
UPDATE projections SET position = %s, updated_at = clock_timestamp()
 WHERE name = %s AND version = %s AND partition = %s AND partitions = %s AND position = %s
"""
_ALL = """
SELECT name, version, partition, partitions, position, updated_at FROM projections
 WHERE active ORDER BY name, partition
"""
_STOP = """
SELECT partition, partitions, position FROM projections
 WHERE name = %s AND active ORDER BY partition FOR UPDATE
"""
_BEGIN = """
INSERT INTO projections (name, version, partition, partitions, position, active)
SELECT %(name)s, %(version)s, number, %(of)s, %(position)s, true
  FROM generate_series(0, %(of)s - 1) number
"""


class FencedError(Exception):
    """Somebody else moved the checkpoint: this worker no longer owns the projection."""


class VersionMismatchError(Exception):
    """The tables were built by another version of the projection; it must be rebuilt first."""


class AheadOfLogError(Exception):
    """The checkpoint names a position that the log has not reached: one of them was restored."""


class Checkpoint(msgspec.Struct, frozen=True):
    """Where one partition of the serving tables is."""

    name: str
    version: int
    partition: Partition
    position: int
    updated_at: datetime


def position_of(
    connection: Connection[TupleRow], projection: Projection, partition: Partition | None = None
) -> int:
    """Return the checkpoint of the partition, or the lowest of all.

    Raises VersionMismatchError for tables of another version, FencedError for a partition of
    another division, AheadOfLogError after a restore.
    """
    row = connection.execute(
        "SELECT min(version), max(partitions), min(position), max(position), log_head(),"
        " min(position) FILTER (WHERE partition = %s) FROM projections WHERE name = %s AND active",
        (partition.number if partition else None, projection.name),
    ).fetchone()
    version, of, lowest, highest, head, own = row or (None,) * 6
    if version != projection.version:
        raise VersionMismatchError(
            f"{projection.name} is at version {version or 'none'}, the code at "
            f"{projection.version}: run `engine projections rebuild {projection.name}`"
        )
    if highest > head:
        raise AheadOfLogError(
            f"{projection.name} is at position {highest}, the log ends at {head}: one of them was "
            f"restored; run `engine projections rebuild {projection.name}`"
        )
    if partition and partition.of != of:
        raise FencedError(f"{projection.name} is divided by {of}, not {partition.of}, now")
    return int(own if partition else lowest)


def advance(
    cursor: Cursor[TupleRow],
    projection: Projection,
    *,
    before: int,
    after: int,
    partition: Partition = WHOLE,
) -> None:
    """Move the checkpoint. Raises FencedError unless it stands at `before`."""
    cursor.execute(
        _ADVANCE,
        (after, projection.name, projection.version, partition.number, partition.of, before),
    )
    if cursor.rowcount != 1:
        raise FencedError(f"the checkpoint of {projection.name} is not {before} any more")


def checkpoints(connection: Connection[TupleRow]) -> list[Checkpoint]:
    """Return the checkpoints of every serving projection, by name and partition."""
    return [
        Checkpoint(name, version, Partition(number, of), position, updated_at)
        for name, version, number, of, position, updated_at in connection.execute(_ALL)
    ]


def stop_all(connection: Connection[TupleRow], name: str) -> dict[Partition, int]:
    """Lock the checkpoints until the transaction ends; return the position of each partition."""
    rows = connection.execute(_STOP, (name,)).fetchall()
    return {Partition(number, of): position for number, of, position in rows}


def begin(
    connection: Connection[TupleRow], projection: Projection, *, position: int, of: int
) -> None:
    """Put checkpoints of `of` partitions, all at `position`, in the place of what was there.

    With them goes the note of the rebuild that ends here.
    """
    connection.execute("DELETE FROM projection_rebuilds WHERE name = %s", (projection.name,))
    connection.execute("DELETE FROM projections WHERE name = %s", (projection.name,))
    connection.execute(
        _BEGIN,
        {"name": projection.name, "version": projection.version, "of": of, "position": position},
    )
