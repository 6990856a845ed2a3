import csv
import io

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from domain.contacts.address_faults import find_fault
from domain.contacts.cell_text import UnreadableCellError, clean_name, clean_value, trim
from domain.contacts.column_mapping import resolve_mapping, suggest_mapping
from domain.contacts.contact_row import ContactFileError, ContactRow
from domain.contacts.email_address import ValidAddress, dedupe_key
from domain.contacts.import_row import ImportableContact, RejectedRow, judge
from infra.email_addresses import EmailValidator
from infra.files.csv_records import CsvRecords
from infra.files.csv_source import open_contacts
from infra.files.rejected_rows import write_rejected

pytestmark = pytest.mark.property

VALIDATOR = EmailValidator()
MAPPING = resolve_mapping(("Email", "First name", "Surname", "Company"))

LABEL = st.one_of(
    st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,8}[A-Za-z0-9])?", fullmatch=True),
    st.sampled_from(
        [
            "xn--bcher-kva",
            "bücher",
            "BÜCHER",
            "faß",
            "ab--c",
            "x_y",
            "localhost",
            "test",
            "例え",
            "",
        ]
    ),
    st.text(alphabet="d", min_size=60, max_size=66),
)
DOMAIN = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
LOCAL_PART = st.one_of(
    st.from_regex(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,20}", fullmatch=True),
    st.sampled_from(
        ["INFO", "Postmaster", "a.b", ".a", "a.", "a..b", "josé", "ａｂ", '"a b"', "a b"]
    ),
    st.integers(62, 67).map(lambda size: "l" * size),
)
NEARLY_AN_ADDRESS = st.builds("{}@{}".format, LOCAL_PART, DOMAIN)
ANYTHING = st.one_of(NEARLY_AN_ADDRESS, st.text(max_size=40), st.text(alphabet='a@.-_<>" ,é\n\0'))
CELL = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
CSV_TEXT = st.text(alphabet='ab,"\n\r é', max_size=60)


def vendor_verdict(text: str) -> tuple[str, bool] | None:
    """Ask email-validator itself, with no short cut."""
    try:
        found = validate_email(text, strict=True, check_deliverability=False)
    except EmailNotValidError:
        return None
    return f"{found.local_part}@{found.ascii_domain}", found.smtputf8


@given(ANYTHING)
def test_the_short_cut_gives_the_verdict_of_the_full_validator(text: str) -> None:
    verdict = VALIDATOR.check(text)
    expected = vendor_verdict(text)
    if isinstance(verdict, ValidAddress):
        assert expected == (verdict.address, verdict.needs_smtputf8)
    else:
        assert expected is None, verdict


@given(ANYTHING)
def test_a_named_fault_is_one_for_the_full_validator_too(text: str) -> None:
    if find_fault(text):
        assert vendor_verdict(text) is None


@given(NEARLY_AN_ADDRESS)
def test_the_address_as_sent_has_the_key_of_the_address_as_written(text: str) -> None:
    verdict = VALIDATOR.check(text)
    if isinstance(verdict, ValidAddress):
        again = VALIDATOR.check(verdict.address)
        assert isinstance(again, ValidAddress)
        assert again.key == verdict.key
        assert again.address == verdict.address


@given(st.text(min_size=1, max_size=20))
def test_a_key_of_a_key_is_the_key(local_part: str) -> None:
    key = dedupe_key(local_part=local_part, ascii_domain="Example.com")
    assert dedupe_key(local_part=key.rpartition("@")[0], ascii_domain="example.com") == key


@given(st.text(max_size=40))
def test_cleaning_a_clean_value_changes_nothing(text: str) -> None:
    try:
        value, name = clean_value(text), clean_name(text)
    except UnreadableCellError:
        return
    assert clean_value(value) == value
    assert clean_name(name) == name
    assert trim(value) == value
    assert not set(name) & set("\r\n\t\0\x85\u2028\u202e")


@given(st.lists(st.text(max_size=10), min_size=1, max_size=12, unique_by=str.strip))
def test_every_named_column_gets_a_field_of_its_own(headers: list[str]) -> None:
    mapping = suggest_mapping(headers)
    assert sorted(mapping.values()) == sorted(header for header in headers if header.strip())
    assert all(field.isascii() and field.isidentifier() for field in mapping)


@given(st.lists(st.one_of(ANYTHING, CELL), max_size=6))
def test_every_row_gets_one_verdict_and_always_the_same(cells: list[str]) -> None:
    row = ContactRow(1, 2, cells)
    verdict = judge(row, mapping=MAPPING, validator=VALIDATOR)
    assert judge(row, mapping=MAPPING, validator=VALIDATOR) == verdict
    if isinstance(verdict, RejectedRow):
        assert verdict.cells == cells
        assert verdict.code
        assert verdict.reason.endswith(".")
    else:
        assert verdict.address.as_written == trim(cells[0])
        assert all(verdict.custom_fields.values())


@given(CSV_TEXT)
def test_what_is_well_formed_is_read_as_the_standard_library_reads_it(text: str) -> None:
    lines = list(io.StringIO(text, newline=""))
    try:
        expected = [row for row in csv.reader(lines, strict=True, skipinitialspace=True) if row]
    except csv.Error:
        return
    expected = [row for row in expected if row != [""]]  # blank, or told apart by a unit test
    records = list(CsvRecords(iter(lines), delimiter=","))
    assert [record.cells for record in records if record.cells != [""]] == expected
    assert not any(record.fault for record in records)


@given(CSV_TEXT)
def test_no_line_is_lost_or_read_twice_whatever_the_quotes(text: str) -> None:
    lines = list(io.StringIO(text, newline=""))
    records = list(CsvRecords(iter(lines), delimiter=","))
    starts = [record.line_number for record in records]
    assert starts == sorted(set(starts))
    for record, end in zip(records, [*starts, len(lines) + 1][1:], strict=True):
        letters = [char for line in lines[record.line_number - 1 : end - 1] for char in line]
        read = "".join(record.cells)
        assert record.fault or all(read.count(char) == letters.count(char) for char in "abé")


@given(st.lists(st.tuples(NEARLY_AN_ADDRESS, CELL, CELL), min_size=1, max_size=8))
def test_a_list_written_by_any_program_comes_back_cell_by_cell(
    rows: list[tuple[str, str, str]],
) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows([("Email", "First name", "Note"), *rows])
    with open_contacts([buffer.getvalue().encode("utf-8-sig")]) as file:
        assert [tuple(row.cells) for row in file.rows()] == rows


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_a_named_refusal(data: bytes) -> None:
    refusals = []
    try:
        with open_contacts([b"Email,N\n", data]) as file:
            mapping = resolve_mapping(file.header)
            for row in file.rows():
                verdict = judge(row, mapping=mapping, validator=VALIDATOR)
                assert isinstance(verdict, ImportableContact | RejectedRow)
    except ContactFileError as refusal:
        refusals.append(refusal)
    assert all(refusal.code and str(refusal).endswith(".") for refusal in refusals)


@given(st.lists(st.lists(st.text(max_size=10), max_size=5), max_size=5))
def test_a_report_of_rejected_rows_is_always_a_table(rows: list[list[str]]) -> None:
    rejected = [RejectedRow(1, 2, "space", "A space.", cells) for cells in rows]
    text = b"".join(write_rejected(rejected, header=("Email", "Name"))).decode("utf-8-sig")
    table = list(csv.reader(io.StringIO(text, newline="")))
    assert len(table) == len(rows) + 1
    assert {len(row) for row in table} == {6}
    assert not any(cell.lstrip(" ").startswith(("=", "+", "@")) for row in table for cell in row)
