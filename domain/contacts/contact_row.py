"""One row of a contact file as it was read, and the refusal of a file that cannot be read."""

import msgspec

from domain.shared.errors import DomainError


class ContactFileError(DomainError):
    """The file as a whole cannot be read (further); the message names the place and the repair.

    Codes: empty_file, file_too_large, too_many_rows, binary_file, unknown_encoding, bad_delimiter,
    only_header, unreadable_header, too_many_columns, duplicate_header, no_email_column,
    unknown_column, bad_field_name.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc]  # one class for every fault of a file


class RowFault(msgspec.Struct, frozen=True, gc=False):
    """Why a row cannot be read whatever its address: a stable code and what to repair."""

    code: str
    reason: str


class ContactRow(msgspec.Struct, frozen=True):
    """The cells of one row, untouched.

    `row_number` counts rows from 1 below the header, blank lines left out; `line_number` is the
    line of the file the row starts at, from 1, as an editor shows it. Cells of a faulty row are
    what could be read of it.
    """

    row_number: int
    line_number: int
    cells: list[str]
    fault: RowFault | None = None
