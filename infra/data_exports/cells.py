"""Rows as lines of JSON, and as CSV that no spreadsheet runs."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from domain.contacts.formula_guard import guard

BOM = b"\xef\xbb\xbf"  # or a spreadsheet takes UTF-8 for its local encoding


def json_line(row: Mapping[str, object]) -> bytes:
    """Return a row as one line of JSON."""
    return msgspec.json.encode(row) + b"\n"


def csv_header(columns: Sequence[str]) -> bytes:
    """Return the first line of a CSV file."""
    return BOM + _line(columns)


def csv_line(row: Mapping[str, object]) -> bytes:
    """Return a row as CSV (RFC 4180): a text that would be run as a formula gets an apostrophe."""
    return _line([_cell(value) for value in row.values()])


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return guard(value)
        case datetime():
            return value.isoformat()
        case dict() | list():
            return guard(msgspec.json.encode(value).decode())
        case _:
            return str(value)


def _line(cells: Sequence[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
