"""A projection for tests, with a table of its own, that writes down what it was told."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import TupleRow

from infra.bootstrap import Adapters
from infra.postgres.connections import Role
from infra.projecting.partitions import WHOLE, Partition
from infra.projecting.rebuild import Rebuilt, Shadow, install, rebuild
from infra.projecting.verify import Verified, verify
from projections.projection import Projection, RecordedEvent, Table
from tests.support.cli import until
from workers.projector import LiveProjection

TOLD = """
INSERT INTO touchy AS t (workspace_id, about, told) VALUES (%s, %s, %s)
ON CONFLICT (workspace_id, about) DO UPDATE SET told = t.told || excluded.told
"""


class CannotApplyError(Exception):
    """What this projection raises for the events that it was made to choke on."""


class Touchy:
    """One row a key: the positions it was told of, in that order; a repeat stands there twice."""

    name = "touchy"
    opens = False
    tables = (
        Table(
            name="touchy",
            columns=("about uuid NOT NULL", "told bigint[] NOT NULL"),
            key=("about",),
        ),
    )

    def __init__(
        self,
        *,
        chokes_on: frozenset[int] = frozenset(),
        contexts: frozenset[str] = frozenset({"contacts", "delivery"}),
        version: int = 1,
    ) -> None:
        self.chokes_on = chokes_on
        self.contexts = contexts
        self.version = version
        self.batches = 0

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        self.batches += 1
        for event in events:
            cursor.execute(TOLD, (event.workspace_id, event.key, [event.position]))
            if event.position in self.chokes_on:
                raise CannotApplyError(f"position {event.position} sticks in the throat")


def installed(worker: Adapters, projection: Touchy, *, of: int = 1) -> None:
    with worker.connection(Role.MIGRATOR) as owner:
        assert install(owner, projection, of=of)


@contextmanager
def live(
    worker: Adapters, projection: Projection, partition: Partition = WHOLE
) -> Iterator[LiveProjection]:
    """Own the projection, as a projector does, and let go of it in the end."""
    made = LiveProjection(projection, worker.mapper, worker, partition)
    until(made.owned)  # a former owner's session may be ending
    try:
        yield made
    finally:
        made.release()


def told(worker: Adapters) -> dict[UUID, list[int]]:
    with worker.pool.connection() as connection:
        return dict(connection.execute("SELECT about, told FROM touchy").fetchall())


def checkpoint(worker: Adapters, name: str = "touchy") -> tuple[int, int]:
    """Return version and position."""
    with worker.pool.connection() as connection:
        row = connection.execute(
            "SELECT version, position FROM projections WHERE name = %s AND active", (name,)
        ).fetchone()
    assert row is not None
    return row


def shadow_of(worker: Adapters, projection: Projection, links: ExitStack) -> Shadow:
    owner = links.enter_context(worker.connection(Role.MIGRATOR, bounded=False))
    filler = links.enter_context(worker.connection(Role.WORKER, bounded=False))
    return Shadow(projection, worker.mapper, owner=owner, worker=filler)


def rebuilt(worker: Adapters, projection: Projection) -> Rebuilt:
    with ExitStack() as links:
        return rebuild(shadow_of(worker, projection, links))


def verified(worker: Adapters, projection: Projection) -> Verified:
    with ExitStack() as links:
        shadow = shadow_of(worker, projection, links)
        return verify(shadow, links.enter_context(worker.connection(Role.WORKER, bounded=False)))
