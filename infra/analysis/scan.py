"""Slices of the log as lazy polars frames: streamed by pages, with columns and rows pushed down."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import polars as pl
from polars.io.plugins import register_io_source

from domain.shared.model import Event
from infra.analysis.columns import DATA, HEADER, Field, field_column, fields_of, header_column
from infra.analysis.moments import SKEW, position_at
from infra.analysis.slices import LogSlice
from infra.eventstore.mapper import Mapper
from infra.eventstore.reader import PAGE, LogReader, LogRow


class LogSource(msgspec.Struct, frozen=True, kw_only=True):
    """Reads one slice in pages. With `event` it has a column for each field of that type.

    Personal fields are null unless `opens`, which needs the vault; then null says that the person
    was erased, or that there was nothing.
    """

    reader: LogReader
    mapper: Mapper
    part: LogSlice
    event: type[Event] | None = None
    opens: bool = False

    @property
    def schema(self) -> pl.Schema:
        """All columns, in their order."""
        own = [(field.column, field.dtype) for field in self._fields]
        return pl.Schema([*HEADER.items(), *(own or [(DATA, pl.String())])])

    def scan(self) -> pl.LazyFrame:
        """Return the slice as a lazy frame; nothing is read before it is collected.

        Collect with `engine="streaming"` to hold a few pages, whatever the length of the log.
        """

        def frames(
            columns: list[str] | None, where: pl.Expr | None, limit: int | None, _size: int | None
        ) -> Iterator[pl.DataFrame]:
            yield from self.frames(columns, where=where, limit=limit)

        return register_io_source(frames, schema=self.schema, explain_name="engine log")

    def frames(
        self,
        columns: Sequence[str] | None = None,
        *,
        where: pl.Expr | None = None,
        limit: int | None = None,
    ) -> Iterator[pl.DataFrame]:
        """Yield the slice in frames of some thousand rows with these columns, in order.

        Reads no further page once there are `limit` rows, and decodes no event unless a column
        needs it.
        """
        wanted = list(columns) if columns is not None else list(self.schema)
        read = [*wanted, *(where.meta.root_names() if where is not None else ())]
        left = limit
        for rows in self._runs():
            if left is not None and left <= 0:
                return
            frame = self._frame(rows, dict.fromkeys(read))
            frame = frame if where is None else frame.filter(where)
            frame = frame.select(wanted)
            if left is not None:
                frame = frame.head(left)
                left -= len(frame)
            if len(frame):
                yield frame
            if left == 0:
                return

    def extent(self) -> tuple[int, int]:
        """Return the positions between which the slice lies: above the first, up to the second."""
        part, horizon = self.part, self.reader.horizon()
        after, upto = part.after, min(horizon, horizon if part.upto is None else part.upto)
        if part.since:
            after = max(after, position_at(self.reader, part.since - SKEW))
        if part.until:
            upto = min(upto, position_at(self.reader, part.until + SKEW))
        return after, upto

    @property
    def _fields(self) -> tuple[Field, ...]:
        return fields_of(self.event) if self.event else ()

    def _runs(self) -> Iterator[list[LogRow]]:
        """Yield the rows of the slice, at least a page at once while there are so many."""
        part, tags = self.part, self.part.tags()
        after, upto = self.extent()
        kept: list[LogRow] = []
        for page in self.reader.pages(after, upto=upto):
            kept += [r for r in page if (tags is None or r.tag in tags) and part.keeps(r)]
            if len(kept) >= PAGE:
                yield kept
                kept = []
        if kept:
            yield kept

    def _frame(self, rows: list[LogRow], names: dict[str, None]) -> pl.DataFrame:
        made: dict[str, list[Any]] = {
            name: header_column(name, rows)
            for name in names
            if name in HEADER or (name == DATA and not self.event)
        }
        fields = [field for field in self._fields if field.column in names]
        if fields:
            events = self._events(rows)
            made |= {field.column: field_column(field, events) for field in fields}
        return pl.DataFrame(made, schema={name: self.schema[name] for name in made})

    def _events(self, rows: list[LogRow]) -> list[Event]:
        events = [self.mapper.decode(row.tag, row.data) for row in rows]
        if not self.opens:
            return events
        at_by_workspace: dict[Any, list[int]] = {}
        for at, row in enumerate(rows):
            at_by_workspace.setdefault(row.workspace_id, []).append(at)
        for workspace_id, places in at_by_workspace.items():
            pairs = [(events[at], rows[at].data) for at in places]
            for at, opened in zip(places, self.mapper.open(workspace_id, pairs), strict=True):
                events[at] = opened
        return events
