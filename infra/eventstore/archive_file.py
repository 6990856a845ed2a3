"""The Parquet file of an archived month: written once, checked by digest, read by position."""

import functools
import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl
from polars.io.plugins import register_io_source

from infra.eventstore.archive import ArchivedRange, ArchiveError, RawRow
from infra.files.digests import sha256_of

ROW_GROUP = 10_000  # rows; a page of the reader meets one or two groups
SCHEMA = pl.Schema(
    {
        "position": pl.Int64(),
        "workspace_id": pl.Binary(),
        "stream_id": pl.Binary(),
        "version": pl.Int32(),
        "command_id": pl.Binary(),
        "recorded_at": pl.Datetime("us", "UTC"),
        "tag": pl.String(),
        "data": pl.Binary(),
    }
)
FACT = "f"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
IDS = ("workspace_id", "stream_id", "command_id")


class RowDigest:
    """A running SHA-256 over rows in order: the same for a month in the log and in its file."""

    def __init__(self) -> None:
        self.events = 0
        self._sha256 = hashlib.sha256()

    def add(self, rows: Iterable[RawRow]) -> None:
        """Take in the next rows."""
        for row in rows:
            position, workspace, stream, version, command, recorded_at, tag, data, _fact = row
            header = (
                f"{position}|{workspace}|{stream}|{version}|{command}|{recorded_at.isoformat()}"
                f"|{tag}|{len(data)}|"
            )
            self._sha256.update(header.encode())
            self._sha256.update(data)
            self.events += 1

    def value(self) -> tuple[int, bytes]:
        """Return the number of rows and their digest."""
        return self.events, self._sha256.digest()


def write_rows(file: Path, pages: Iterator[list[RawRow]]) -> tuple[int, bytes]:
    """Write rows sorted by position, sync the file, return count and digest of the rows.

    Holds a few pages in memory, whatever the length. Raises ArchiveError when the disk is full.
    """
    digest = RowDigest()

    def frames(
        _columns: list[str] | None, _where: pl.Expr | None, _rows: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        for rows in pages:
            digest.add(rows)
            yield _frame(rows)

    try:
        file.touch(mode=0o600)
        register_io_source(frames, schema=SCHEMA).sink_parquet(
            file,
            compression="zstd",
            statistics=True,
            row_group_size=ROW_GROUP,
            maintain_order=True,
            sync_on_close="all",
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        file.unlink(missing_ok=True)
        raise ArchiveError(
            f"the archive {file} cannot be written ({error}): the month stays in the database; "
            "make room or set ENGINE_ARCHIVE_DIR to another disk, then archive again"
        ) from error
    return digest.value()


def digest_rows(file: Path) -> tuple[int, bytes]:
    """Read a file from its beginning and return count and digest of its rows."""
    digest = RowDigest()
    for frame in pl.scan_parquet(file).collect_batches(
        chunk_size=ROW_GROUP, maintain_order=True, engine="streaming"
    ):
        digest.add(_rows(frame))
    return digest.value()


def check(archived: ArchivedRange) -> None:
    """Compare a file with its recorded digest. Raises ArchiveError that names it."""
    try:
        status = archived.file.stat()
        found = _sha256_of_unchanged(archived.file, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise ArchiveError(
            f"the archived events {archived.first_position} to {archived.last_position} cannot be "
            f"read: {archived.file}: {error.strerror}. Put the file back from a backup, or tell "
            "where it is with `engine log archives --moved-to DIRECTORY`"
        ) from error
    if found != archived.sha256:
        raise ArchiveError(
            f"the archive {archived.file} is damaged: its SHA-256 is {found.hex()}, recorded was "
            f"{archived.sha256.hex()}. Put the file back from a backup"
        )


def read_rows(archived: ArchivedRange, *, after: int, upto: int, limit: int) -> list[RawRow]:
    """Return the file's first rows above `after` and up to `upto`; other row groups are skipped."""
    check(archived)
    position = pl.col("position")
    frame = (
        pl.scan_parquet(archived.file)
        .filter(position > after, position <= upto)
        .head(limit)
        .collect(engine="streaming")
    )
    return list(_rows(frame))


def command_counts(archived: ArchivedRange) -> list[tuple[UUID, UUID, int, int, int]]:
    """Return (workspace, command, events, first and last position) of every append in a file."""
    check(archived)
    counted = (
        pl.scan_parquet(archived.file)
        .group_by("workspace_id", "command_id")
        .agg(
            pl.len(),
            pl.col("position").min().alias("first"),
            pl.col("position").max().alias("last"),
        )
        .collect(engine="streaming")
    )
    return [
        (UUID(bytes=workspace), UUID(bytes=command), *figures)
        for workspace, command, *figures in counted.iter_rows()
    ]


def newest_positions(
    archived: ArchivedRange, *, count: int, workspace_id: UUID | None
) -> list[int]:
    """Return the highest positions in a file, of all workspaces or of one."""
    check(archived)
    rows = pl.scan_parquet(archived.file)
    if workspace_id is not None:
        rows = rows.filter(pl.col("workspace_id") == workspace_id.bytes)
    found: list[int] = rows.select("position").tail(count).collect()["position"].to_list()
    return found


@functools.lru_cache(maxsize=256)
def _sha256_of_unchanged(file: Path, _size: int, _mtime_ns: int) -> bytes:
    """Digest a file once a process, and again when it changed."""
    return sha256_of(file)


def _frame(rows: list[RawRow]) -> pl.DataFrame:
    columns: dict[str, list[Any]] = {
        name: list(values)  # without the kind, which is the same in every row
        for name, values in zip(SCHEMA, zip(*rows, strict=True), strict=False)
    }
    for name in IDS:
        columns[name] = [value.bytes for value in columns[name]]
    return pl.DataFrame(columns, schema=SCHEMA)


def _rows(frame: pl.DataFrame) -> Iterator[RawRow]:
    """Turn a frame into rows; what repeats within an append is made once."""
    known: dict[bytes, UUID] = {}
    times: dict[int, datetime] = {}
    for position, workspace, stream, version, command, at, tag, data in frame.with_columns(
        pl.col("recorded_at").cast(pl.Int64)
    ).iter_rows():
        yield (
            position,
            known.get(workspace) or known.setdefault(workspace, UUID(bytes=workspace)),
            UUID(bytes=stream),
            version,
            known.get(command) or known.setdefault(command, UUID(bytes=command)),
            times.get(at) or times.setdefault(at, EPOCH + timedelta(microseconds=at)),
            tag,
            data,
            FACT,
        )
