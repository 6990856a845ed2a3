"""What is known of a rebuild while it runs beside the serving tables, and of what stopped it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from time import monotonic

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.postgres.connections import Pool
from infra.projecting.fold import UnfoldableError
from projections.projection import Projection

NOTE_EVERY_S = 1.0

_NOTE = """
INSERT INTO projection_rebuilds (name, version, position, upto) VALUES (%s, %s, %s, %s)
ON CONFLICT (name) DO UPDATE SET version = excluded.version, position = excluded.position,
    upto = excluded.upto, updated_at = clock_timestamp(), failed_at = NULL, failure = '',
    started_at = CASE WHEN projection_rebuilds.position > excluded.position
                      THEN excluded.started_at ELSE projection_rebuilds.started_at END
"""
_FAIL = """
UPDATE projection_rebuilds SET failed_at = %s, failure = %s, updated_at = clock_timestamp()
 WHERE name = %s
"""


class Rebuilding(msgspec.Struct, frozen=True):
    """A version that is built beside the serving one; `failed_at` names the event that ended it."""

    name: str
    version: int
    position: int
    upto: int
    updated_at: datetime
    failed_at: int | None
    failure: str


def rebuilding(connection: Connection[TupleRow]) -> list[Rebuilding]:
    """Return the rebuilds that run, were cut off, or failed."""
    rows = connection.execute(
        "SELECT name, version, position, upto, updated_at, failed_at, failure"
        " FROM projection_rebuilds ORDER BY name"
    )
    return [Rebuilding(*row) for row in rows.fetchall()]


@contextmanager
def noted_rebuild(
    pool: Pool, projection: Projection, *, upto: int, seen: Callable[[int], None]
) -> Iterator[Callable[[int], None]]:
    """Yield the `progress` of a rebuild: it is noted once a second, and passed on to `seen`.

    The swap removes the note. A rebuild that was killed leaves its last.
    """
    noted_at = 0.0

    def note(position: int) -> None:
        with pool.connection() as connection:
            connection.execute(_NOTE, (projection.name, projection.version, position, upto))

    def progress(position: int) -> None:
        nonlocal noted_at
        seen(position)
        if monotonic() > noted_at + NOTE_EVERY_S:
            note(position)
            noted_at = monotonic()

    try:
        yield progress
    except UnfoldableError as error:
        note(error.row.position - 1)
        with pool.connection() as connection:
            connection.execute(_FAIL, (error.row.position, str(error), projection.name))
        raise
