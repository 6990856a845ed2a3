"""Build a read model anew beside the serving one, and swap: readers never see an empty table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from time import perf_counter

import msgspec
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from infra.backup.generation import GENERATION
from infra.eventstore.mapper import Mapper
from infra.eventstore.reader import LogRow, log_horizon, read_page
from infra.failpoints import Failpoint, failpoint
from infra.postgres.advisory_locks import REBUILD_LOCK, try_lock, unlock
from infra.postgres.connections import another
from infra.postgres.parked_events import forget_parked
from infra.postgres.skipped_events import skipped_positions
from infra.projecting.checkpoint import begin, stop_all
from infra.projecting.fold import BATCH, Folder
from infra.projecting.partitions import Partition
from infra.projecting.prefetch import prefetched
from infra.projecting.second import Second, Stretches, Task, fold_here, opened_ahead
from infra.projecting.tables import (
    LIVE,
    create_tables,
    drop_shadow,
    finish_tables,
    grant_worker,
    shadow_schema,
    swap_in,
)
from infra.settings import Settings
from projections.projection import Projection, RecordedEvent

LONG_WAY = """
WITH first AS (SELECT position FROM events WHERE position > %s ORDER BY position LIMIT 1)
SELECT first.position, (SELECT e.position FROM events e
                         WHERE e.position >= first.position AND e.position <= bounds.goal
                           AND e.position < (first.position / bounds.step + 1) * bounds.step
                         ORDER BY e.position DESC LIMIT 1)
  FROM first, (SELECT %s::bigint AS goal, %s::bigint AS step) AS bounds
"""
"""The next event, and the last one of its generation that is not beyond the goal."""
ALONE = 200_000  # positions: for fewer, the start of a second process costs more than it saves
LAST_STRETCH = 2_000  # events left to read when the checkpoint is taken and the swap begins


class Rebuilt(msgspec.Struct, frozen=True):
    """What a rebuild did."""

    events: int
    position: int
    swap_ms: float


class RebuildRunningError(Exception):
    """Another process rebuilds or verifies this projection now."""


class Shadow:
    """The tables of a projection in a schema of their own, and how far they are.

    `owner` is a connection of the migrator, `worker` one of the worker, both in autocommit. With
    `settings`, and when they allow it, a second process helps with a long way.
    """

    def __init__(
        self,
        projection: Projection,
        mapper: Mapper,
        *,
        owner: Connection[TupleRow],
        worker: Connection[TupleRow],
        settings: Settings | None = None,
    ) -> None:
        self.projection = projection
        self.schema = shadow_schema(projection)
        self.position = 0
        self.events = 0
        self._owner = owner
        self._worker = worker
        self._reader = worker  # a connection of its own between `create` and `drop`
        self._folder = Folder(projection, mapper, worker, self.schema)
        self._settings = settings if settings and settings.rebuild_processes > 1 else None

    def create(self) -> None:
        """Start empty. Raises RebuildRunningError when somebody else is at it."""
        if not try_lock(self._owner, REBUILD_LOCK, self.projection.name):
            raise RebuildRunningError(
                f"{self.projection.name} is being rebuilt or verified by another process; "
                "wait for it"
            )
        self._folder.skipped = skipped_positions(self._worker, self.projection.name)
        # What a crash takes from a shadow does not matter: the swap's commit waits for the disk.
        self._worker.execute("SET synchronous_commit = off")
        drop_shadow(self._owner, self.projection)
        with self._owner.transaction():
            self._owner.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(self.schema)))
            create_tables(self._owner, self.projection, self.schema)
            grant_worker(self._owner, self.projection, self.schema)
        self._reader = another(self._worker)

    def catch_up(
        self, upto: int | None = None, *, progress: Callable[[int], None] = lambda _: None
    ) -> int:
        """Fold the log into the shadow up to `upto` (default: the horizon); return what was read.

        Raises UnfoldableError at the first event that cannot be applied, and SecondLostError.
        """
        goal = log_horizon(self._reader) if upto is None else upto
        read = 0
        if self._settings and goal - self.position >= ALONE and not self._folder.limits:
            read = self._in_turns(self._settings, goal, progress)
        with (
            closing(prefetched(self._pages(upto))) as pages,
            closing(prefetched(map(self._decoded, pages))) as decoded,
        ):
            for page, rows, events in decoded:
                if rows:
                    self._folder.apply_only(rows, events)
                self.position = page[-1].position
                read += len(page)
                self.events += len(rows)
                progress(self.position)
        return read

    def _in_turns(self, settings: Settings, goal: int, progress: Callable[[int], None]) -> int:
        """Do the long ways with a second process; what is left is for one.

        A restored log goes on at the next generation: nobody walks the gap before it.
        """
        read = 0
        while way := self._reader.execute(LONG_WAY, (self.position, goal, GENERATION)).fetchone():
            first, last = way
            if last is None or last - first < ALONE:
                break
            self.position = first - 1
            read += self._together(settings, last, progress)
        return read

    def _together(self, settings: Settings, upto: int, progress: Callable[[int], None]) -> int:
        folder, read = self._folder, 0
        stretches = Stretches(self.position, upto, BATCH)
        task = Task(settings, self.projection, self.schema, folder.skipped, stretches)
        with closing(Second(task)) as second:
            numbers = second.numbers(stretches.count)
            with closing(opened_ahead(folder, self._reader, stretches, numbers)) as ahead:
                for number in range(stretches.count):
                    mine = not second.does(number)
                    folded = fold_here(folder, next(ahead)) if mine else second.fold(number)
                    self.position = stretches.end(number)
                    read += folded.read
                    self.events += folded.applied
                    progress(self.position)
        return read

    def limit(self, positions: Mapping[Partition, int]) -> None:
        """From now on leave out what is above the position of its partition."""
        self._folder.limits = positions

    def _pages(self, upto: int | None) -> Iterator[Sequence[LogRow]]:
        after = self.position
        while page := read_page(self._reader, after, upto=upto, limit=BATCH):
            yield page
            after = page[-1].position

    def _decoded(
        self, page: Sequence[LogRow]
    ) -> tuple[Sequence[LogRow], Sequence[LogRow], Sequence[RecordedEvent]]:
        """Return the page, the rows of it that the projection reads, and their events."""
        rows = self._folder.wanted(page, after=0)
        return page, rows, self._folder.decoded(rows)

    def restart(self) -> None:
        """Empty the shadow, to fold it again from the start."""
        self.position = self.events = 0
        for table in self.projection.tables:
            self._worker.execute(
                sql.SQL("DELETE FROM {}").format(sql.Identifier(self.schema, table.name))
            )

    def drop(self) -> None:
        """Remove the shadow and let others in."""
        if self._reader is not self._worker:
            self._reader.close()
        drop_shadow(self._owner, self.projection)
        unlock(self._owner, REBUILD_LOCK, self.projection.name)


def rebuild(shadow: Shadow, *, progress: Callable[[int], None] = lambda _: None) -> Rebuilt:
    """Build, index, catch up, swap. On any error the serving tables are untouched."""
    projection, owner = shadow.projection, shadow._owner  # noqa: SLF001 - one mechanism, two files
    shadow.create()
    try:
        shadow.catch_up(progress=progress)
        failpoint(Failpoint.REBUILD_FILLED)
        with another(owner) as second:
            finish_tables(owner, projection, shadow.schema, beside=second)
        while shadow.catch_up() > LAST_STRETCH:
            pass
        started = perf_counter()
        _swap(shadow, owner)
        swap_ms = (perf_counter() - started) * 1000
    finally:
        shadow.drop()
    return Rebuilt(events=shadow.events, position=shadow.position, swap_ms=swap_ms)


def _swap(shadow: Shadow, owner: Connection[TupleRow]) -> None:
    """Hold the checkpoint, read what is left, and let the new tables take over.

    The projector waits on the checkpoint's row meanwhile, and is fenced by its new position.
    """
    projection = shadow.projection
    with owner.transaction():
        of = len(stop_all(owner, projection.name)) or 1
        shadow.catch_up()
        swap_in(owner, projection.tables, shadow.schema)
        begin(owner, projection, position=shadow.position, of=of)
        # What was parked is in the new tables, and nothing waits behind it any more.
        forget_parked(owner, projection.name)
        failpoint(Failpoint.REBUILD_SWAPPED)


def install(connection: Connection[TupleRow], projection: Projection, *, of: int = 1) -> bool:
    """Create the tables of a projection that this database has never had; tell whether it did.

    Its workspaces are divided by `of`.
    """
    known = connection.execute("SELECT FROM projections WHERE name = %s", (projection.name,))
    if known.fetchone() is not None:
        return False
    with connection.transaction():
        create_tables(connection, projection, LIVE)
        finish_tables(connection, projection, LIVE)
        begin(connection, projection, position=0, of=of)
    return True


def outdated(connection: Connection[TupleRow], projection: Projection) -> bool:
    """Tell whether the serving tables were built by another version of the projection."""
    row = connection.execute(
        "SELECT version FROM projections WHERE name = %s AND active LIMIT 1", (projection.name,)
    ).fetchone()
    return row is not None and row[0] != projection.version
