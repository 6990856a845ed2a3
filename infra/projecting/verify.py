"""Fold the log again beside the serving tables and compare them row by row."""

from collections.abc import Callable

import msgspec
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from infra.postgres.parked_events import count_parked
from infra.postgres.skipped_events import skipped_positions
from infra.projecting.checkpoint import position_of, stop_all
from infra.projecting.rebuild import Shadow
from infra.projecting.tables import LIVE
from projections.projection import Table

SAMPLES = 5


class Verified(msgspec.Struct, frozen=True):
    """What a verification found; `differences` counts rows, `samples` shows the first ones.

    `skipped` events are left out on both sides: the read model is knowingly without them.
    """

    position: int
    rows: int
    differences: int
    parked: int
    skipped: int
    samples: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Nothing differs and nothing is parked."""
        return self.differences == 0 and self.parked == 0


def verify(
    shadow: Shadow, live: Connection[TupleRow], *, progress: Callable[[int], None] = lambda _: None
) -> Verified:
    """Compare at one position. `live` is a worker's connection; its projector waits meanwhile.

    Raises VersionMismatchError for tables of another version.
    """
    name = shadow.projection.name
    lowest = position_of(live, shadow.projection)
    shadow.create()
    try:
        shadow.catch_up(upto=lowest, progress=progress)
        with live.transaction():
            position = _hold(shadow, live)
            rows, differences, samples = 0, 0, list[str]()
            for table in shadow.projection.tables:
                count, differing = _compare(live, table, shadow.schema)
                rows += count
                differences += len(differing)
                samples += differing[: SAMPLES - len(samples)]
            parked = count_parked(live, name)
            skipped = len(skipped_positions(live, name))
    finally:
        shadow.drop()
    return Verified(position, rows, differences, parked, skipped, tuple(samples))


def _hold(shadow: Shadow, live: Connection[TupleRow]) -> int:
    """Stop the projection's checkpoints and bring the shadow to the very same positions."""
    positions = stop_all(live, shadow.projection.name)
    if shadow.position > min(positions.values()):  # the checkpoint was set back meanwhile
        shadow.restart()
    shadow.catch_up(upto=min(positions.values()))
    shadow.limit(positions)
    shadow.catch_up(upto=max(positions.values()))
    return max(positions.values())


def _compare(live: Connection[TupleRow], table: Table, schema: str) -> tuple[int, list[str]]:
    served, folded = sql.Identifier(LIVE, table.name), sql.Identifier(schema, table.name)
    key = sql.SQL(", ").join(sql.Identifier(name) for name in ("workspace_id", *table.key))
    counted = live.execute(sql.SQL("SELECT count(*) FROM {}").format(folded)).fetchone()
    rows = live.execute(
        sql.SQL(
            "SELECT 'served only: ' || concat_ws('/', {2}) FROM (TABLE {0} EXCEPT ALL TABLE {1}) t"
            " UNION ALL "
            "SELECT 'log only: ' || concat_ws('/', {2}) FROM (TABLE {1} EXCEPT ALL TABLE {0}) t"
        ).format(served, folded, key)
    ).fetchall()
    return counted[0] if counted else 0, [f"{table.name}: {row[0]}" for row in rows]
