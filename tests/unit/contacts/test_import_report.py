"""What an import would do: counts, places, and the repair that would let a row in."""

from domain.contacts.address_repairs import Repair
from domain.contacts.column_mapping import ColumnMapping
from domain.contacts.contact_row import ContactRow, RowFault
from domain.contacts.email_address import ValidAddress
from domain.contacts.import_report import ImportReport, judge_repaired, repair_for, with_repairs
from domain.contacts.import_row import ImportableContact, RejectedRow
from infra.email_addresses import EmailValidator

MAPPING = ColumnMapping(width=2, email=1)
VALIDATOR = EmailValidator()


def person(number: int, address: str) -> ImportableContact:
    return ImportableContact(
        number, number, ValidAddress(address, address, address), None, None, {}
    )


def rejected(code: str, *cells: str, number: int = 1) -> RejectedRow:
    return RejectedRow(number, number, code, "Why.", list(cells))


def test_a_report_counts_every_row_once_and_names_a_few() -> None:
    report = ImportReport()
    for number in range(1, 9):
        report.reject(rejected("space", number=number), repair=Repair.SPACE)
    report.reject(rejected("empty", number=9), repair=None)
    report.accept(person(10, "ann@a.example"), is_known=False)
    report.accept(person(11, "ann@a.example"), is_known=True)
    report.accept(person(12, "ann@gmial.com"), is_known=False)
    assert (report.rows, report.valid, report.duplicates) == (12, 2, 1)
    assert (report.invalid, report.empty) == (8, 1)
    space, typo = report.problems["space"], report.problems["domain_typo"]
    assert (space.rows, space.repair, space.repairable) == (8, Repair.SPACE, 8)
    assert space.examples == [1, 2, 3, 4, 5]
    assert (typo.rows, typo.repair, typo.repairable) == (1, Repair.DOMAIN_TYPO, 1)
    assert report.problems["empty"].repair is None
    assert report.problems["duplicate"].examples == [11]


def test_a_repair_is_offered_only_where_it_is_enough() -> None:
    def offered(row: RejectedRow) -> Repair | None:
        return repair_for(row, mapping=MAPPING, validator=VALIDATOR)

    assert offered(rejected("space", "x", "ann @a.example")) is Repair.SPACE
    assert offered(rejected("space", "x", "not an address")) is None
    assert offered(rejected("missing_at", "x", "ann")) is None
    assert offered(rejected("space", "x")) is None


def test_a_row_is_repaired_in_its_address_alone() -> None:
    def mended(row: ContactRow, *repairs: Repair) -> list[str]:
        return with_repairs(row, mapping=MAPPING, repairs=repairs).cells

    row = ContactRow(1, 2, ["a b", " ann @a.example "], None)
    assert mended(row, Repair.SPACE) == ["a b", "ann@a.example"]
    assert mended(row) == row.cells
    assert mended(ContactRow(1, 2, ["a b"], None), Repair.SPACE) == ["a b"]
    broken = ContactRow(1, 2, ["a", "b c"], RowFault("nul_byte", "Why."))
    assert mended(broken, Repair.SPACE) == ["a", "b c"]


def test_a_row_is_judged_as_its_chosen_repairs_leave_it() -> None:
    row = ContactRow(1, 2, ["Ann", "mailto:ann@example.com"], None)
    for repairs, verdict in (((), RejectedRow), ((Repair.MAILTO_PREFIX,), ImportableContact)):
        found = judge_repaired(row, mapping=MAPPING, repairs=repairs, validator=VALIDATOR)
        assert isinstance(found, verdict)
