"""Archived months of facts, read back by position as if they had never left the log (ADR 0015)."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

RawRow = tuple[Any, ...]  # the columns of a LogRow, in its order

RANGES = """
SELECT month, part, file, sha256, events, first_position, last_position, first_id, last_id,
       archived_at
  FROM archived_ranges WHERE last_position > %b AND first_position <= %b
 ORDER BY first_position
"""
EVERYTHING = (-1, 2**63 - 1)


class ArchiveError(Exception):
    """An archived month cannot be written or read; the message names the file and what to do."""


class ArchivedRange(msgspec.Struct, frozen=True):
    """One file: facts of one month, sorted by position. Positions of several files interleave."""

    month: str
    part: int
    file: Path
    sha256: bytes
    events: int
    first_position: int
    last_position: int
    first_id: UUID
    last_id: UUID
    archived_at: datetime


def archived_ranges(
    connection: Connection[TupleRow], *, after: int = EVERYTHING[0], upto: int = EVERYTHING[1]
) -> list[ArchivedRange]:
    """Return the files that hold positions above `after` and up to `upto`."""
    found = connection.cursor(binary=True).execute(RANGES, (after, upto), prepare=True).fetchall()
    return [
        ArchivedRange(month, part, Path(file), bytes(sha256), *rest)
        for month, part, file, sha256, *rest in found
    ]


def moved_archive(owner: Connection[TupleRow], directory: Path) -> None:
    """Record that all files lie in another directory now."""
    owner.execute(
        "UPDATE archived_ranges SET file = %s || '/' || regexp_replace(file, '.*/', '')",
        (str(directory),),
    )


def with_archived(
    connection: Connection[TupleRow], live: Sequence[RawRow], *, after: int, upto: int, limit: int
) -> Sequence[RawRow]:
    """Complete a page of the live log with what is archived between its positions.

    Call it after the live rows were read, never before: a month that was archived in between is
    then met twice, which is seen here, and not missed. Only a page that begins below the highest
    archived position touches a file. Raises ArchiveError.
    """
    if len(live) == limit:
        upto = live[-1][0]
    ranges = archived_ranges(connection, after=after, upto=upto)
    if not ranges:
        return live
    from infra.eventstore.archive_file import read_rows  # noqa: PLC0415 - polars: only where needed

    merged = {(row[0], row[2]): row for row in live}
    for archived in ranges:
        for row in read_rows(archived, after=after, upto=upto, limit=limit):
            merged.setdefault((row[0], row[2]), row)
    return [merged[key] for key in sorted(merged)[:limit]]


def newest_with_archived(
    connection: Connection[TupleRow], live: list[int], *, count: int, workspace_id: UUID | None
) -> list[int]:
    """Complete the newest live positions with archived ones; the highest first."""
    ranges = archived_ranges(connection, after=live[-1] if len(live) == count else -1)
    if not ranges:
        return live
    from infra.eventstore.archive_file import newest_positions  # noqa: PLC0415 - see above

    found = set(live)
    for archived in ranges:
        found.update(newest_positions(archived, count=count, workspace_id=workspace_id))
    return sorted(found, reverse=True)[:count]


def archived_commands(
    connection: Connection[TupleRow],
) -> tuple[int, list[tuple[UUID, UUID, int, int, int]]]:
    """Return how many events are archived, and per append what `command_counts` says of it."""
    ranges = archived_ranges(connection)
    if not ranges:
        return 0, []
    from infra.eventstore.archive_file import command_counts  # noqa: PLC0415 - see above

    counts = [row for archived in ranges for row in command_counts(archived)]
    return sum(archived.events for archived in ranges), counts
