"""Find out what separates the columns of a contact file."""

import csv
from collections.abc import Sequence

from domain.contacts.column_aliases import EMAIL
from domain.contacts.column_mapping import suggest_mapping

DELIMITERS = (",", ";", "\t", "|")
_Score = tuple[bool, float, int]


def detect_delimiter(lines: Sequence[str]) -> str:
    """Return the separator under which the first lines look most like a table.

    What counts, in this order: a column that is called e-mail, rows as wide as the header, many
    columns. A file of one column has no separator; any will do.
    """
    return max(DELIMITERS, key=lambda delimiter: _score(lines, delimiter=delimiter))


def _score(lines: Sequence[str], *, delimiter: str) -> _Score:
    try:
        records = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        records = []
    if not records:
        return False, 0.0, 0
    header, *rows = records
    alike = sum(len(row) == len(header) for row in rows) / len(rows) if rows else 0.0
    if len(header) == 1:
        alike = 0.0
    return EMAIL in suggest_mapping(header), alike, len(header)
