"""Parse lines into CSV records, and get over a quote that is opened and never closed."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from domain.contacts.contact_row import RowFault
from infra.files.limits import MAX_CELL_CHARS, MAX_COLUMNS, MAX_RECORD_CHARS
from infra.files.open_quote import line_of_open_quote

_END = "end"  # fed after a line to try: a record of its own, or the end of an open quote
_LONG_CELL = RowFault(
    "cell_too_long", f"A cell is longer than {MAX_CELL_CHARS} characters: shorten it."
)


class Record(msgspec.Struct, frozen=True):
    """The cells of one record, the line it starts at, and what is wrong with it, if anything."""

    line_number: int
    cells: list[str]
    fault: RowFault | None = None


class CsvRecords:
    """Iterate over the records of a file; blank lines are no records.

    A quote left open would swallow the rows below it. It shows when text follows the closing
    quote, when the record grows past MAX_RECORD_CHARS, or at the end of the file. Then only the
    lines up to the one where it opened are lost (as one faulty record), and reading goes on below
    it. Each line is parsed at most twice: what ends an open quote is the next one that opens.
    """

    def __init__(self, lines: Iterator[str], *, delimiter: str) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._again: deque[str] = deque()
        self._pending: list[str] = []
        self._pending_chars = 0
        self._line_number = 1

    def __iter__(self) -> Iterator[Record]:
        """Yield the records in the order of the file."""
        parsed = self._parse(self._feed(), strict=True)
        while True:
            try:
                cells = next(parsed)
            except StopIteration:
                return
            except csv.Error:
                yield self._recover()
                parsed = self._parse(self._feed(), strict=True)
                continue
            if not self._is_blank(cells):
                yield self._accept(cells)
            self._forget(len(self._pending))

    def _parse(self, lines: Iterable[str], *, strict: bool) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self._delimiter, skipinitialspace=True, strict=strict)

    def _feed(self) -> Iterator[str]:
        """Hand lines to the parser, and remember those of the record it is in."""
        again, lines = self._again, self._lines
        while (line := again.popleft() if again else next(lines, None)) is not None:
            self._pending.append(line)
            self._pending_chars += len(line)
            if self._pending_chars > MAX_RECORD_CHARS:
                raise csv.Error
            yield line

    def _is_blank(self, cells: list[str]) -> bool:
        return not cells or (len(cells) == 1 and self._pending[0].isspace())

    def _accept(self, cells: list[str]) -> Record:
        fault = None
        if len(cells) > MAX_COLUMNS:
            fault = RowFault(
                "too_many_columns",
                f"The row has {len(cells)} cells; {MAX_COLUMNS} are the limit.",
            )
        elif self._pending_chars > MAX_CELL_CHARS and max(map(len, cells)) > MAX_CELL_CHARS:
            fault = _LONG_CELL
        return Record(self._line_number, _shortened(cells) if fault else cells, fault)

    def _forget(self, count: int) -> None:
        """Leave `count` lines behind; what is pending beyond them is parsed again."""
        if len(self._pending) > count:
            self._again.extendleft(reversed(self._pending[count:]))
        self._pending.clear()
        self._pending_chars = 0
        self._line_number += count

    def _recover(self) -> Record:
        count = 1
        record = self._recover_line(self._pending[0]) if len(self._pending) == 1 else None
        if record is None:
            opened_in = line_of_open_quote(self._pending, delimiter=self._delimiter)
            count = opened_in + 1
            record = self._faulty(
                "unterminated_quote",
                f"The quote opened in line {self._line_number + opened_in} is never closed: "
                "close it, or double it if it belongs to the value.",
            )
        self._forget(count)
        return record

    def _recover_line(self, line: str) -> Record | None:
        """Make the best of a record of one line; None when a quote stays open in it."""
        if len(line) > MAX_RECORD_CHARS:
            limit = MAX_RECORD_CHARS // 1024**2
            return self._faulty("row_too_long", f"The row is longer than {limit} MiB: shorten it.")
        try:
            cells = self._parse_leniently(line)
        except csv.Error:  # the parser's own limit, above ours
            return self._faulty(_LONG_CELL.code, _LONG_CELL.reason)
        return None if cells is None else self._accept(cells)

    def _parse_leniently(self, line: str) -> list[str] | None:
        """Read a line with stray quotes (`"Acme "Best" Inc"`); None when one stays open."""
        records = list(self._parse([line, _END], strict=False))
        return records[0] if records[1:] == [[_END]] else None

    def _faulty(self, code: str, reason: str) -> Record:
        start = self._pending[0][:MAX_CELL_CHARS]
        cells = next(self._parse([start], strict=False))
        return Record(self._line_number, _shortened(cells), RowFault(code, reason))


def _shortened(cells: list[str]) -> list[str]:
    return [cell[:MAX_CELL_CHARS] for cell in islice(cells, MAX_COLUMNS)]
