"""Which partitions are whose: the workers of a projection share them evenly, without a leader.

Every worker holds a shared advisory lock a projection and version, and sees in pg_locks who else
does; the lock ends with its session, so a dead worker is gone within the second. All come to the
same answer from the same list. For a moment two may disagree: the partition's own lock, and behind
it the compare-and-set of the checkpoint, let one of them write.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.postgres.advisory_locks import CREW_LOCK
from infra.projecting.checkpoint import Checkpoint, checkpoints
from infra.projecting.partitions import Partition
from projections.projection import Projection

_JOIN = "SELECT pg_advisory_lock_shared(%s, %s), pg_backend_pid()"
_MEMBERS = """
SELECT objid::bigint, array_agg(pid ORDER BY pid) FROM pg_locks
 WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
 GROUP BY objid
"""


class Rota(msgspec.Struct, frozen=True):
    """Who does what: our partitions of each projection, and why some projections have none."""

    mine: dict[str, list[Partition]]
    due: dict[str, str]  # name -> why it must be rebuilt before this release may feed it
    newer: dict[str, str]  # name -> why this release leaves it to a newer one


class Crew:
    """The workers of these projections; `connection` is our presence and nothing else."""

    def __init__(self, connection: Connection[TupleRow], projections: Iterable[Projection]) -> None:
        self._connection = connection
        self._projections = {projection.name: projection for projection in projections}
        self._me = 0
        for projection in self._projections.values():
            key = _key(projection)
            row = connection.execute(_JOIN, (CREW_LOCK, key - (key >> 31 << 32))).fetchone()
            self._me = row[1] if row else 0

    def rota(self) -> Rota:
        """Look who is here and what there is to do."""
        members: Mapping[int, Sequence[int]] = dict(
            self._connection.execute(_MEMBERS, (CREW_LOCK,)).fetchall()
        )
        row = self._connection.execute("SELECT log_head()").fetchone()
        head = int(row[0]) if row else 0
        rota = Rota({}, {}, {})
        # All that is served is numbered, known or not: workers of two releases count alike.
        for number, (name, rows) in enumerate(sorted(self._serving().items())):
            projection = self._projections.get(name)
            if projection is None:
                continue
            if rows[0].version > projection.version:
                rota.newer[name] = f"it serves version {rows[0].version} of a newer release"
                continue
            if reason := overdue(projection, rows, head=head):
                rota.due[name] = reason
                continue
            here = members.get(_key(projection), [self._me])
            rota.mine[name] = [
                row.partition
                for row in rows
                if here[(number + row.partition.number) % len(here)] == self._me
            ]
        return rota

    def close(self) -> None:
        """Leave."""
        self._connection.close()

    def _serving(self) -> dict[str, list[Checkpoint]]:
        found: dict[str, list[Checkpoint]] = {}
        for row in checkpoints(self._connection):
            found.setdefault(row.name, []).append(row)
        return found


def overdue(projection: Projection, rows: Sequence[Checkpoint], *, head: int) -> str:
    """Say why the serving tables must be rebuilt; "" when they need not."""
    version, position = rows[0].version, max(row.position for row in rows)
    if version < projection.version:
        return f"it serves version {version}, the code has {projection.version}"
    if position > head:
        return f"it is at position {position}, the log ends at {head}: one of them was restored"
    return ""


def _key(projection: Projection) -> int:
    return zlib.crc32(f"{projection.name}:{projection.version}".encode())
