"""Open a contact file: find out how it is written, then stream its rows."""

import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

from domain.contacts.contact_row import ContactFileError, ContactRow
from infra.files.binary_files import refuse_binary
from infra.files.csv_records import CsvRecords
from infra.files.delimiter import DELIMITERS, detect_delimiter
from infra.files.header import check_header
from infra.files.limits import MAX_FILE_BYTES, MAX_RECORD_CHARS, MAX_ROWS
from infra.files.text_encoding import TextEncoding, detect_encoding, named_encoding
from infra.files.text_lines import iterate_lines

_HEAD_BYTES = 64 * 1024
_HEAD_LINES = 30
_SPOOL_BYTES = 1024 * 1024


def open_contacts(
    source: Path | Iterable[bytes], *, encoding: str | None = None, delimiter: str | None = None
) -> "ContactFile":
    """Open a CSV file, or the chunks of one, which are put into a temporary file first.

    Encoding and delimiter are found out unless named. Raises ContactFileError for a file that
    has no rows to read at all; what is wrong with one row is found while reading it.
    """
    file = source.open("rb") if isinstance(source, Path) else _spool(source)
    try:
        return ContactFile(file, encoding=encoding, delimiter=delimiter)
    except BaseException:
        file.close()
        raise


class ContactFile:
    """A contact file that is open for reading, as often as needed, from any row."""

    def __init__(
        self, file: BinaryIO, *, encoding: str | None = None, delimiter: str | None = None
    ) -> None:
        self._file = file
        self.size_bytes = _checked_size(file)
        self.encoding: TextEncoding = _encoding_of(file, named=encoding)
        self.delimiter = self._delimiter(delimiter)
        self.header: tuple[str, ...] = check_header(next(iter(self._records()), None))
        if next(self.rows(), None) is None:
            raise ContactFileError(
                "only_header", "The file has column names and no rows: add contacts below line 1."
            )

    def rows(self, *, start_row: int = 1) -> Iterator[ContactRow]:
        """Yield the rows from number `start_row` (1 is the first below the header).

        Earlier rows are read and passed over, at about 350,000 rows a second. One iteration at a
        time: a new one takes the file over. Raises ContactFileError `too_many_rows` at the limit.
        """
        start_row = max(start_row, 1)
        records = islice(iter(self._records()), start_row, None)
        for row_number, record in enumerate(records, start=start_row):
            if row_number > MAX_ROWS:
                raise ContactFileError(
                    "too_many_rows",
                    f"The file has more than {MAX_ROWS:,} rows. The first {MAX_ROWS:,} were read: "
                    f"import the rest, from line {record.line_number}, as a second file.",
                )
            yield ContactRow(row_number, record.line_number, record.cells, record.fault)

    def close(self) -> None:
        """Close the file; a temporary one is gone with it."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _records(self) -> CsvRecords:
        lines = self._lines()
        first = next(lines, "")
        if _separator_line(first):
            first = "\n"  # a blank line in its place keeps the line numbers right
        lines = chain([first], lines)
        return CsvRecords(lines, delimiter=self.delimiter)

    def _lines(self) -> Iterator[str]:
        return iterate_lines(self._file, encoding=self.encoding, max_line_chars=MAX_RECORD_CHARS)

    def _delimiter(self, named: str | None) -> str:
        lines = list(islice((line for line in self._lines() if line.strip()), _HEAD_LINES))
        if not lines:
            raise ContactFileError("empty_file", "The file is empty: it has no text at all.")
        if named is not None and (len(named) != 1 or named in '"\r\n'):
            raise ContactFileError(
                "bad_delimiter", "A delimiter is one character, no quote and no line break."
            )
        return named or _separator_line(lines[0]) or detect_delimiter(lines)


def _separator_line(line: str) -> str | None:
    """Return what Excel's own first line (`sep=;`) says, None for any other line."""
    text = line.strip("\r\n").strip('"')
    if text[:4].lower() == "sep=" and text[4:] in DELIMITERS:
        return text[4:]
    return None


def _spool(chunks: Iterable[bytes]) -> BinaryIO:
    file = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 - the caller closes
    try:
        file.writelines(_within_limit(chunks))
    except BaseException:
        file.close()
        raise
    return cast("BinaryIO", file)


def _within_limit(chunks: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MAX_FILE_BYTES:
            raise _too_large()
        yield chunk


def _checked_size(file: BinaryIO) -> int:
    size = file.seek(0, 2)
    if size > MAX_FILE_BYTES:
        raise _too_large()
    if size == 0:
        raise ContactFileError("empty_file", "The file is empty: it has 0 bytes.")
    return size


def _too_large() -> ContactFileError:
    limit = MAX_FILE_BYTES // 1024**2
    return ContactFileError(
        "file_too_large", f"The file is larger than {limit} MiB: split it and import the parts."
    )


def _encoding_of(file: BinaryIO, *, named: str | None) -> TextEncoding:
    if named:
        return named_encoding(named)
    encoding = detect_encoding(file)
    if not encoding.name.startswith(("utf-16", "utf-32")):
        file.seek(0)
        refuse_binary(file.read(_HEAD_BYTES))
    return encoding
