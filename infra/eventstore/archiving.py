"""Move a month of facts that is over from its partition into a Parquet file (ADR 0015).

The order of the steps is the safety: the month leaves the database in one short transaction, after
its file was synced, read back and found equal. Killed before that, nothing has happened but a file
that the next run writes anew; killed after it, everything has.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from infra.eventstore.archive import ArchiveError, RawRow
from infra.eventstore.archive_file import digest_rows, write_rows
from infra.files.digests import sha256_of
from infra.files.durable import sync_folder
from infra.postgres.advisory_locks import ARCHIVE_LOCK, try_lock
from infra.postgres.connections import Pool

LOCK_ATTEMPTS = 5  # for the partition, 2 s each: readers that wait behind us wait no longer
PAGE = 10_000
IDS_A_ROW = 480  # 16 bytes each: one row fills a page of 8 KiB
PREFIX = "events_facts_"

MONTHS = """
SELECT substr(c.relname, 14), uuid_floor(to_date(substr(c.relname, 14), 'YYYY_MM')),
       uuid_floor((to_date(substr(c.relname, 14), 'YYYY_MM') + interval '1 month')::date)
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
 WHERE i.inhparent = 'events_facts'::regclass AND c.relname ~ '^events_facts_[0-9]{4}_[0-9]{2}$'
   AND to_date(substr(c.relname, 14), 'YYYY_MM') + interval '1 month' <= %s
 ORDER BY c.relname
"""
FACTS = """
SELECT position, workspace_id, stream_id, version, command_id, recorded_at, tag, data, kind
  FROM events
 WHERE kind = 'f' AND stream_id >= %b AND stream_id < %b ORDER BY position
"""
FACT_IDS = """
SELECT workspace_id, stream_id FROM events
 WHERE kind = 'f' AND stream_id >= %b AND stream_id < %b ORDER BY workspace_id, stream_id
"""
BOUNDS = """
SELECT count(*), min(position), max(position),
       min(stream_id::text COLLATE "C")::uuid, max(stream_id::text COLLATE "C")::uuid FROM events
 WHERE kind = 'f' AND stream_id >= %b AND stream_id < %b
"""
NEXT_PART = "SELECT coalesce(max(part), 0) + 1 FROM archived_ranges WHERE month = %s"
KEEP_IDS = "INSERT INTO archived_facts VALUES (%s, %s, %s, %s, %s)"

Step = Callable[[str, int], None]
"""Told what is being done and how many events of the month are through."""


class Month(msgspec.Struct, frozen=True):
    """A partition whose time is over; ids are from `floor` up to, not including, `ceiling`."""

    name: str
    floor: UUID
    ceiling: UUID


class Archived(msgspec.Struct, frozen=True):
    """What became of one month."""

    month: str
    events: int
    file: str
    bytes: int


class _Extent(msgspec.Struct, frozen=True):
    events: int
    first_position: int
    last_position: int
    first_id: UUID
    last_id: UUID


def months_over(pool: Pool, *, by: date) -> list[tuple[Month, int]]:
    """Return the months that ended on or before a day and have facts, with how many."""
    with pool.connection() as connection:
        months = [Month(*row) for row in connection.execute(MONTHS, (by,)).fetchall()]
        counted = [
            (month, connection.execute(BOUNDS, (month.floor, month.ceiling)).fetchone())
            for month in months
        ]
    return [(month, row[0]) for month, row in counted if row and row[0]]


def over_for(days: int, *, today: date) -> date:
    """Return the day by which a month must have ended to be over for more than `days`."""
    return today - timedelta(days=days)


class Archiver:
    """Archives months, one at a time; made with ArchiveError when another one is at work.

    `owner` is a connection of the migrator, `worker` one of the worker, both in autocommit.
    """

    def __init__(
        self, directory: Path, *, owner: Connection[TupleRow], worker: Connection[TupleRow]
    ) -> None:
        self._directory = directory
        self._owner = owner
        self._worker = worker
        if not try_lock(owner, ARCHIVE_LOCK, 1):
            raise ArchiveError("another process archives now: wait for it")

    def archive(self, month: Month, *, step: Step = lambda _step, _done: None) -> Archived | None:
        """Archive one month; None when it has no facts. Harmless to repeat, wherever it was cut.

        Raises ArchiveError; then the month is still in the database.
        """
        row = self._owner.execute(NEXT_PART, (month.name,)).fetchone()
        part = int(row[0]) if row else 1
        written = self._write(month, part, step)
        if written is None:
            return None
        extent, file = written
        digest = sha256_of(file)
        self._leave(month, part, file, digest, extent, step)
        return Archived(month.name, extent.events, str(file), file.stat().st_size)

    def _write(self, month: Month, part: int, step: Step) -> tuple[_Extent, Path] | None:
        """Write the file and the ids from one snapshot; read the file back and compare."""
        temporary = self._directory / f"{PREFIX}{month.name}.parquet.writing"
        with self._worker.transaction():
            self._worker.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            row = self._worker.execute(BOUNDS, (month.floor, month.ceiling)).fetchone()
            if not row or not row[0]:
                return None
            extent = _Extent(*row)
            self._make_directory()
            told = write_rows(temporary, self._pages(month, step))
            step("written", extent.events)
            self._keep_ids(month, part)
            step("ids kept", extent.events)
        if told[0] != extent.events or digest_rows(temporary) != told:
            temporary.unlink()
            raise ArchiveError(
                f"{temporary} does not read back as it was written: the disk is not to be trusted; "
                "the month stays in the database"
            )
        step("compared", extent.events)
        file = self._put_in_place(temporary, month, told)
        step("in place", extent.events)
        return extent, file

    def _put_in_place(self, temporary: Path, month: Month, told: tuple[int, bytes]) -> Path:
        """Name the file by what is in it, so that none is ever overwritten by another.

        A restored copy of the log may archive into the directory of the one that it came from.
        """
        file = self._directory / f"{PREFIX}{month.name}.{told[1][:8].hex()}.parquet"
        if file.exists() and digest_rows(file) == told:
            temporary.unlink()
        else:
            temporary.replace(file)
        sync_folder(self._directory)
        return file

    def _make_directory(self) -> None:
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ArchiveError(
                f"the directory {self._directory} cannot be made ({error.strerror}): "
                "set ENGINE_ARCHIVE_DIR to a place that can be written"
            ) from error

    def _pages(self, month: Month, step: Step) -> Iterator[list[RawRow]]:
        done = 0
        with self._worker.cursor(name="facts", binary=True) as cursor:
            cursor.itersize = PAGE
            cursor.execute(FACTS, (month.floor, month.ceiling))
            while rows := cursor.fetchmany(PAGE):
                yield rows
                done += len(rows)
                step("writing", done)

    def _keep_ids(self, month: Month, part: int) -> None:
        with self._worker.cursor(name="ids", binary=True) as cursor, self._owner.transaction():
            self._owner.execute(
                "DELETE FROM archived_facts WHERE month = %s AND part = %s", (month.name, part)
            )
            cursor.itersize = PAGE
            cursor.execute(FACT_IDS, (month.floor, month.ceiling))
            writer = self._owner.cursor()
            for workspace_id, rows in itertools.groupby(cursor, key=lambda row: row[0]):
                while ids := [row[1] for row in itertools.islice(rows, IDS_A_ROW)]:
                    packed = b"".join(fact_id.bytes for fact_id in ids)
                    writer.execute(KEEP_IDS, (workspace_id, month.name, part, ids[0], packed))

    def _leave(
        self, month: Month, part: int, file: Path, digest: bytes, extent: _Extent, step: Step
    ) -> None:
        for attempt in range(LOCK_ATTEMPTS):
            with suppress(psycopg.errors.LockNotAvailable):
                self._leave_once(month, part, file, digest, extent, step)
                return
            step("waiting for readers", attempt)
        raise ArchiveError(
            f"{PREFIX}{month.name} is being read by a long transaction: archive again later; "
            "the month stays in the database"
        )

    def _leave_once(
        self, month: Month, part: int, file: Path, digest: bytes, extent: _Extent, step: Step
    ) -> None:
        """Empty the partition and name the file, both or neither."""
        partition = sql.Identifier(PREFIX + month.name)
        with self._owner.transaction():
            self._owner.execute("SET LOCAL lock_timeout = '2s'")
            self._owner.execute(sql.SQL("LOCK {} IN ACCESS EXCLUSIVE MODE").format(partition))
            self._run(partition, _SHOW_ALL)  # forced row security hides the rows from their owner
            row = self._owner.execute(
                sql.SQL("SELECT count(*) FROM {}").format(partition)
            ).fetchone()
            if row != (extent.events,):  # append-only: as many rows are the same rows
                raise ArchiveError(
                    f"facts of {month.name} were recorded while it was archived: archive it again"
                )
            self._run(partition, _EMPTY)
            self._owner.execute(
                sql.SQL(
                    "CREATE OR REPLACE TRIGGER archived BEFORE INSERT ON {} FOR EACH ROW "
                    "EXECUTE FUNCTION skip_archived_fact({}, {})"
                ).format(partition, sql.Literal(month.name), sql.Literal(str(part)))
            )
            self._owner.execute(
                "INSERT INTO archived_ranges VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (month.name, part, str(file), digest, *msgspec.structs.astuple(extent)),
            )
            step("emptied", extent.events)

    def _run(self, partition: sql.Identifier, statements: tuple[str, ...]) -> None:
        for statement in statements:
            self._owner.execute(sql.SQL(statement).format(partition))


_SHOW_ALL = ("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY",)
_EMPTY = (
    "ALTER TABLE {} DISABLE TRIGGER never_truncated",
    "TRUNCATE {}",
    "ALTER TABLE {} ENABLE TRIGGER never_truncated",
    "ALTER TABLE {} FORCE ROW LEVEL SECURITY",
)
