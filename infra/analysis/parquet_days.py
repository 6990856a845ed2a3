"""A slice of the log as Parquet, a directory a day; can be cut off and goes on where it was."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import polars as pl

from infra.analysis.scan import LogSource
from infra.files.durable import write_whole

ROWS_A_PART = 50_000  # held in memory at once
PROGRESS = ".progress.json"
_DAY = pl.col("recorded_at").dt.strftime("%Y-%m-%d")

Seen = Callable[[int], None]
"""Told the last position written."""


class OtherSliceError(Exception):
    """The directory holds another slice of the log, or something else."""


class Written(msgspec.Struct, frozen=True):
    """What a run wrote."""

    events: int
    parts: int
    position: int


class _Progress(msgspec.Struct):
    """What is in the directory: everything of this slice up to and with this position."""

    slice: str
    position: int


def write_days(source: LogSource, directory: Path, *, seen: Seen = lambda _: None) -> Written:
    """Write `day=YYYY-MM-DD/part-<first>-<last>.parquet`, days by `recorded_at` in UTC.

    A part appears whole or not at all. Run again it goes on: after a kill, and with what was
    recorded since. Raises OtherSliceError for a directory of another slice.
    """
    directory.mkdir(parents=True, exist_ok=True)
    progress = _begun(source, directory)
    _remove_unfinished(directory, beyond=progress.position)
    after = max(progress.position, source.part.after)
    rest = msgspec.structs.replace(
        source, part=msgspec.structs.replace(source.part, after=after, upto=source.extent()[1])
    )
    events = parts = 0
    for chunk in _chunks(rest):
        for (day,), part in chunk.group_by(_DAY.alias("day"), maintain_order=True):
            _write_part(directory / f"day={day}", part)
            parts += 1
        progress.position = chunk["position"].item(-1)
        _keep(directory, progress)
        events += len(chunk)
        seen(progress.position)
    return Written(events, parts, progress.position)


def _begun(source: LogSource, directory: Path) -> _Progress:
    meant = _meaning(source)
    try:
        found = msgspec.json.decode((directory / PROGRESS).read_bytes(), type=_Progress)
    except FileNotFoundError:
        if any(directory.iterdir()):
            raise OtherSliceError(
                f"{directory} is not empty and was not written by this command: "
                "name another directory"
            ) from None
        found = _Progress(meant, 0)
        _keep(directory, found)
    if found.slice != meant:
        raise OtherSliceError(
            f"{directory} holds another slice of the log ({found.slice}): ask for the same one, "
            "or name another directory"
        )
    return found


def _meaning(source: LogSource) -> str:
    """Say which slice and columns are meant; how far (`upto`, `until`) may grow between runs."""
    part = msgspec.structs.replace(source.part, upto=None, until=None)
    kept = {name: value for name, value in msgspec.to_builtins(part).items() if value}
    return msgspec.json.encode(
        kept | ({"event": source.event.TAG, "opened": source.opens} if source.event else {}),
        order="sorted",
    ).decode()


def _chunks(source: LogSource) -> Iterator[pl.DataFrame]:
    """Gather frames to parts of some size."""
    gathered: list[pl.DataFrame] = []
    for frame in itertools.chain(source.frames(), [None]):
        if frame is not None:
            gathered.append(frame)
        if gathered and (frame is None or sum(map(len, gathered)) >= ROWS_A_PART):
            yield pl.concat(gathered)
            gathered = []


def _write_part(folder: Path, part: pl.DataFrame) -> None:
    folder.mkdir(exist_ok=True)
    first, last = part["position"].item(0), part["position"].item(-1)
    file = folder / f"part-{first:015}-{last:015}.parquet"
    temporary = file.with_suffix(".writing")
    with temporary.open("wb") as opened:
        part.write_parquet(opened, compression="zstd", statistics=True)
        opened.flush()
        os.fsync(opened.fileno())
    temporary.replace(file)


def _keep(directory: Path, progress: _Progress) -> None:
    write_whole(directory / PROGRESS, msgspec.json.encode(progress))


def _remove_unfinished(directory: Path, *, beyond: int) -> None:
    """Remove what a killed run had written and not yet counted."""
    for file in directory.glob("day=*/part-*.writing"):
        file.unlink()
    for file in directory.glob("day=*/part-*.parquet"):
        if int(file.stem.split("-")[1]) > beyond:
            file.unlink()
