import pytest

from domain.contacts.column_mapping import resolve_mapping
from domain.contacts.contact_row import ContactRow, RowFault
from domain.contacts.import_row import ImportableContact, RejectedRow, judge
from infra.email_addresses import EmailValidator

VALIDATOR = EmailValidator()
MAPPING = resolve_mapping(("First name", "Email", "Surname", "Company", "Tags"))


def verdict_on(*cells: str, fault: RowFault | None = None) -> ImportableContact | RejectedRow:
    row = ContactRow(row_number=7, line_number=9, cells=list(cells), fault=fault)
    return judge(row, mapping=MAPPING, validator=VALIDATOR)


def rejected(*cells: str, fault: RowFault | None = None) -> RejectedRow:
    verdict = verdict_on(*cells, fault=fault)
    assert isinstance(verdict, RejectedRow)
    return verdict


def imported(*cells: str) -> ImportableContact:
    verdict = verdict_on(*cells)
    assert isinstance(verdict, ImportableContact)
    return verdict


def test_a_good_row_becomes_a_contact() -> None:
    contact = imported(" Ana ", " Ana@Example.com\t", "Núñez", "Acme\r\nUnit 4", " ")
    assert contact.address.address == "Ana@example.com"
    assert (contact.first_name, contact.last_name) == ("Ana", "Núñez")
    assert contact.custom_fields == {"company": "Acme\nUnit 4"}
    assert (contact.row_number, contact.line_number) == (7, 9)


def test_a_short_row_lacks_its_last_values() -> None:
    contact = imported("Ana", "ana@example.com")
    assert contact.last_name is None
    assert contact.custom_fields == {}


@pytest.mark.parametrize("cell", ["", " ", "\t", "\u00a0", "\ufeff", "\u200b\u200b"])
def test_an_address_of_whitespace_is_empty(cell: str) -> None:
    row = rejected("Ana", cell, "", "", "")
    assert row.is_empty
    assert row.cells == ["Ana", cell, "", "", ""]


def test_a_row_that_ends_before_its_address_is_empty() -> None:
    assert rejected("Ana").is_empty


@pytest.mark.parametrize("cell", ["N/A", "none", "-", "null"])
def test_a_filler_is_invalid_and_not_empty(cell: str) -> None:
    row = rejected("Ana", cell)
    assert row.code == "placeholder"
    assert not row.is_empty


def test_empty_surplus_cells_are_nothing() -> None:
    assert imported("Ana", "ana@example.com", "", "", "", "", " ").first_name == "Ana"


def test_surplus_values_mean_that_the_columns_are_shifted() -> None:
    row = rejected("Ana", "ana@example.com", "N", "Acme", " Inc", "vip")
    assert row.code == "surplus_cells"
    assert "6 cells under 5 columns" in row.reason


@pytest.mark.parametrize(
    ("cell", "code"),
    [("a\0", "nul_byte"), ("\udcfc", "bad_encoding"), ("n" * 256, "name_too_long")],
)
def test_a_row_with_a_broken_cell_is_rejected_whole(cell: str, code: str) -> None:
    assert rejected(cell, "ana@example.com").code == code


def test_a_row_that_could_not_be_read_keeps_its_own_reason() -> None:
    row = rejected("Ana", fault=RowFault("unterminated_quote", "The quote in line 9 ..."))
    assert (row.code, row.reason) == ("unterminated_quote", "The quote in line 9 ...")
