"""Write the rows that were not imported as a CSV to repair and bring back."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from domain.contacts.column_mapping import REPORT_COLUMNS, without_report_columns
from domain.contacts.formula_guard import guard
from domain.contacts.import_row import RejectedRow

_BLOCK_CHARS = 64 * 1024


def write_rejected(rows: Iterable[RejectedRow], *, header: Sequence[str]) -> Iterator[bytes]:
    """Yield the blocks of a UTF-8 CSV: the columns of the file, then row, line, code and reason.

    With a byte order mark, or spreadsheets would misread the accents. A cell that a spreadsheet
    would run as a formula gets an apostrophe before it.
    """
    columns = without_report_columns(header)
    buffer = io.StringIO(newline="")
    buffer.write("\ufeff")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([*map(_harmless, columns), *REPORT_COLUMNS])
    for row in rows:
        writer.writerow(
            _line_of(row, columns=len(columns), report_columns=len(header) - len(columns))
        )
        if buffer.tell() > _BLOCK_CHARS:
            yield _take(buffer)
    yield _take(buffer)


def _line_of(row: RejectedRow, *, columns: int, report_columns: int) -> list[str]:
    """Pad or cut to the columns of the header, or the report would stand under wrong names.

    What a row has beyond its header is joined into the last column, so that nothing is lost.
    """
    cells = row.cells[:columns] + row.cells[columns + report_columns :]
    if len(cells) > columns:
        cells[columns - 1 :] = [" ".join(cells[columns - 1 :]).rstrip()]
    padding = [""] * (columns - len(cells))
    report = [str(row.row_number), str(row.line_number), row.code, row.reason]
    return [*map(_harmless, cells), *padding, *report]


def _harmless(cell: str) -> str:
    return guard(cell.replace("\0", "\ufffd"))


def _take(buffer: io.StringIO) -> bytes:
    block = buffer.getvalue().encode("utf-8", "backslashreplace")
    buffer.seek(0)
    buffer.truncate()
    return block
