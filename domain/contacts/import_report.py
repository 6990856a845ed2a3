"""What an import would do, row by row, before anything is written: counts and places."""

from collections.abc import Collection

import msgspec

from domain.contacts.address_repairs import Repair, meant_domain, repaired
from domain.contacts.cell_text import trim
from domain.contacts.column_mapping import ColumnMapping
from domain.contacts.contact_row import ContactRow
from domain.contacts.email_address import AddressChecker, ValidAddress
from domain.contacts.import_row import ImportableContact, RejectedRow, judge

SHOWN = 5
"""Places that are told of each kind of problem."""


class Problem(msgspec.Struct, kw_only=True):
    """One kind of problem: how many rows have it, some of them, and how many `repair` mends.

    Nothing personal: rows are told by number (1 is the first below the header), not by content.
    """

    code: str
    reason: str
    rows: int = 0
    repair: Repair | None = None
    repairable: int = 0
    examples: list[int] = []


class ImportReport(msgspec.Struct, kw_only=True):
    """The verdicts of all rows; `valid` would be new contacts."""

    rows: int = 0
    valid: int = 0
    duplicates: int = 0
    invalid: int = 0
    empty: int = 0
    problems: dict[str, Problem] = {}

    def accept(self, row: ImportableContact, *, is_known: bool) -> None:
        """Count a row with an address; one that looks misspelled is told, and counts as valid."""
        self.rows += 1
        self.valid += not is_known
        self.duplicates += is_known
        if is_known:
            self._tell(row.row_number, "duplicate", "The address is a contact already, or repeats.")
        if meant_domain(row.address.address.rpartition("@")[2]):
            problem = self._tell(
                row.row_number,
                Repair.DOMAIN_TYPO,
                "The domain looks like a misspelling of a large provider.",
            )
            problem.repair = Repair.DOMAIN_TYPO
            problem.repairable += 1

    def reject(self, row: RejectedRow, *, repair: Repair | None) -> None:
        """Count a row that would be left out, and whether one repair alone would let it in."""
        self.rows += 1
        self.empty += row.is_empty
        self.invalid += not row.is_empty
        problem = self._tell(row.row_number, row.code, row.reason)
        if repair:
            problem.repair = repair
            problem.repairable += 1

    def _tell(self, row_number: int, code: str, reason: str) -> Problem:
        problem = self.problems.setdefault(code, Problem(code=code, reason=reason))
        problem.rows += 1
        if len(problem.examples) < SHOWN:
            problem.examples.append(row_number)
        return problem


def with_repairs(
    row: ContactRow, *, mapping: ColumnMapping, repairs: Collection[Repair]
) -> ContactRow:
    """Return the row as it is judged once its address is repaired; the row itself without any."""
    if not repairs or row.fault or mapping.email >= len(row.cells):
        return row
    cells = list(row.cells)
    cells[mapping.email] = repaired(trim(cells[mapping.email]), repairs)
    return msgspec.structs.replace(row, cells=cells)


def judge_repaired(
    row: ContactRow,
    *,
    mapping: ColumnMapping,
    repairs: Collection[Repair],
    validator: AddressChecker,
) -> ImportableContact | RejectedRow:
    """Return the verdict on one row with the chosen repairs: a review's is the import's."""
    repaired_row = with_repairs(row, mapping=mapping, repairs=repairs)
    return judge(repaired_row, mapping=mapping, validator=validator)


def repair_for(
    row: RejectedRow, *, mapping: ColumnMapping, validator: AddressChecker
) -> Repair | None:
    """Return the repair that makes an address of the cell, if one alone does."""
    try:
        repair = Repair(row.code)
    except ValueError:
        return None
    if mapping.email >= len(row.cells):
        return None
    mended = repaired(trim(row.cells[mapping.email]), [repair])
    return repair if isinstance(validator.check(mended), ValidAddress) else None
