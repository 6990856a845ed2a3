"""Take the first record of a contact file as the names of its columns, or refuse it."""

from collections import defaultdict

from domain.contacts.column_mapping import looks_like_data
from domain.contacts.contact_row import ContactFileError
from infra.files.csv_records import Record


def check_header(record: Record | None) -> tuple[str, ...]:
    """Return the column names, trimmed; columns at the end without a name are kept, unnamed.

    Raises ContactFileError when the names cannot tell the columns apart.
    """
    if record is None:
        raise ContactFileError("empty_file", "The file is empty: it has only blank lines.")
    if record.fault:
        code = record.fault.code
        if code != "too_many_columns":
            code = "unreadable_header"
        raise ContactFileError(code, f"Line {record.line_number}: {record.fault.reason}")
    if any("\0" in cell for cell in record.cells):
        raise ContactFileError(
            "unreadable_header",
            f"Line {record.line_number}: a column name holds a NUL byte. Export the file again.",
        )
    names = tuple(cell.strip().strip("\ufeff") for cell in record.cells)
    _refuse_duplicates(names, line_number=record.line_number)
    return names


def _refuse_duplicates(names: tuple[str, ...], *, line_number: int) -> None:
    columns = defaultdict(list)
    for number, name in enumerate(names, start=1):
        if name:
            columns[name.casefold()].append(number)
    for numbers in columns.values():
        if len(numbers) > 1:
            places = ", ".join(map(str, numbers))
            name = "the same" if looks_like_data(names) else f"“{names[numbers[0] - 1][:40]}”"
            raise ContactFileError(
                "duplicate_header",
                f"Line {line_number}: columns {places} are all called {name}. Rename all but one.",
            )
