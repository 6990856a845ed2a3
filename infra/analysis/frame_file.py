"""A stream of frames into one Parquet or CSV file, which appears whole or not at all."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source


def write_frames(frames: Iterator[pl.DataFrame], file: Path) -> int:
    """Write frames of one schema by the file's suffix, `.csv` or Parquet; return the rows.

    Holds a few frames in memory.
    """
    rows = 0
    first = next(frames)

    def source(
        _columns: list[str] | None, _where: pl.Expr | None, _limit: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        nonlocal rows
        for frame in itertools.chain([first], frames):
            rows += len(frame)
            yield frame

    lazy = register_io_source(source, schema=first.schema)
    temporary = file.with_name(file.name + ".writing")
    try:
        if file.suffix == ".csv":
            lazy.sink_csv(temporary)
        else:
            lazy.sink_parquet(temporary, compression="zstd", sync_on_close="all")
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    return rows
