"""Judge one row of a contact file: a contact that can be imported, or what to repair in it."""

import msgspec

from domain.contacts.cell_text import UnreadableCellError, clean_name, clean_value, trim
from domain.contacts.column_mapping import ColumnMapping
from domain.contacts.contact_row import ContactRow
from domain.contacts.email_address import AddressChecker, InvalidAddress, ValidAddress
from domain.contacts.formula_guard import unguard

EMPTY = "empty"


class ImportableContact(msgspec.Struct, frozen=True):
    """A row with an address that can be mailed; whether it is new is decided by `address.key`."""

    row_number: int
    line_number: int
    address: ValidAddress
    first_name: str | None
    last_name: str | None
    custom_fields: dict[str, str]


class RejectedRow(msgspec.Struct, frozen=True):
    """A row that is not imported, and why: a stable `code` and a sentence without its values."""

    row_number: int
    line_number: int
    code: str
    reason: str
    cells: list[str]

    @property
    def is_empty(self) -> bool:
        """Tell a row without an address from one with a wrong one: they are counted apart."""
        return self.code == EMPTY


def judge(
    row: ContactRow, *, mapping: ColumnMapping, validator: AddressChecker
) -> ImportableContact | RejectedRow:
    """Return the verdict on one row. The same row always gets the same verdict.

    Missing cells count as empty; surplus cells must be empty, or the values stand in the wrong
    columns. An address of nothing but whitespace is empty; a filler such as N/A is invalid.
    """
    if row.fault:
        return _reject(row, code=row.fault.code, reason=row.fault.reason)
    if mapping.is_report:
        row = msgspec.structs.replace(row, cells=[unguard(cell) for cell in row.cells])
    cells = row.cells
    if len(cells) > mapping.width and any(map(trim, cells[mapping.width :])):
        return _reject_surplus(row, mapping=mapping)
    written = trim(cells[mapping.email]) if mapping.email < len(cells) else ""
    if not written:
        return _reject(row, code=EMPTY, reason="The row has no e-mail address.")
    address = validator.check(written)
    if isinstance(address, InvalidAddress):
        return _reject(row, code=address.code, reason=address.reason)
    try:
        return _contact(row, address=address, mapping=mapping)
    except UnreadableCellError as error:
        return _reject(row, code=error.fault.code, reason=error.fault.reason)


def _contact(
    row: ContactRow, *, address: ValidAddress, mapping: ColumnMapping
) -> ImportableContact:
    cells = row.cells
    count = len(cells)
    custom_fields = {}
    for field, place in mapping.custom_fields:
        if place < count and cells[place]:
            value = clean_value(cells[place])
            if value:
                custom_fields[field] = value
    return ImportableContact(
        row.row_number,
        row.line_number,
        address,
        _name(cells, place=mapping.first_name),
        _name(cells, place=mapping.last_name),
        custom_fields,
    )


def _name(cells: list[str], *, place: int) -> str | None:
    if 0 <= place < len(cells) and cells[place]:
        return clean_name(cells[place]) or None
    return None


def _reject(row: ContactRow, *, code: str, reason: str) -> RejectedRow:
    return RejectedRow(row.row_number, row.line_number, code, reason, row.cells)


def _reject_surplus(row: ContactRow, *, mapping: ColumnMapping) -> RejectedRow:
    return _reject(
        row,
        code="surplus_cells",
        reason=(
            f"The row has {len(row.cells)} cells under {mapping.width} columns: "
            "put quotes around a value that holds the separator."
        ),
    )
