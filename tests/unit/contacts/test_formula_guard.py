"""What a spreadsheet would run is guarded in the report, and whole again when it comes back."""

import pytest

from domain.contacts.column_mapping import REPORT_COLUMNS, resolve_mapping
from domain.contacts.contact_row import ContactRow
from domain.contacts.formula_guard import guard, unguard
from domain.contacts.import_row import ImportableContact, judge
from infra.email_addresses import EmailValidator


@pytest.mark.parametrize("cell", ["=1+1", "+tag@example.com", "  -x", "\uff1dx", "\tx", "@x"])
def test_a_formula_is_guarded_and_comes_back_whole(cell: str) -> None:
    assert guard(cell) == "'" + cell
    assert unguard(guard(cell)) == cell


@pytest.mark.parametrize("cell", ["", "x", "'x", "O'Neill", "a=b"])
def test_other_text_is_left_alone(cell: str) -> None:
    assert guard(cell) == cell
    assert unguard(cell) == cell


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (["email", *REPORT_COLUMNS], "+tag@example.com"),
        (["email"], "'+tag@example.com"),
    ],
)
def test_only_a_report_that_comes_back_is_unguarded(header: list[str], address: str) -> None:
    row = ContactRow(1, 2, ["'+tag@example.com", *[""] * (len(header) - 1)])
    verdict = judge(row, mapping=resolve_mapping(header), validator=EmailValidator())
    assert isinstance(verdict, ImportableContact)
    assert verdict.address.address == address
