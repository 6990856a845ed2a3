import csv
import io

import pytest

from domain.contacts.column_mapping import resolve_mapping
from domain.contacts.import_row import RejectedRow
from infra.files.csv_source import open_contacts
from infra.files.rejected_rows import write_rejected

HEADER = ("Email", "Name")


def rejected(*cells: str) -> RejectedRow:
    return RejectedRow(3, 5, "missing_at", "There is no @.", list(cells))


def written(*rows: RejectedRow, header: tuple[str, ...] = HEADER) -> list[list[str]]:
    text = b"".join(write_rejected(rows, header=header)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_original_columns_come_first_and_the_report_behind_them() -> None:
    assert written(rejected("ana", "Zoë,\n“Ł”")) == [
        ["Email", "Name", "row", "line", "reason_code", "reason"],
        ["ana", "Zoë,\n“Ł”", "3", "5", "missing_at", "There is no @."],
    ]


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "＋1", "－1", "＠x"],
)
def test_no_cell_can_run_as_a_formula(cell: str) -> None:
    assert written(rejected(cell, "Bo"))[1][0] == f"'{cell}"


def test_no_header_can_run_as_a_formula() -> None:
    assert written(header=("=Email", "Name"))[0][0] == "'=Email"


def test_short_and_long_rows_keep_the_report_in_its_columns() -> None:
    rows = written(rejected("ana"), rejected("ana", "a", "b", ""), rejected())
    assert [row[:2] for row in rows[1:]] == [["ana", ""], ["ana", "a b"], ["", ""]]
    assert {len(row) for row in rows} == {6}


def test_broken_text_does_not_stop_the_report() -> None:
    assert written(rejected("a\0b", "B\udcf6"))[1][:2] == ["a\ufffdb", "B\\udcf6"]


def test_a_repaired_report_can_be_imported_and_reported_again() -> None:
    report = b"".join(write_rejected([rejected("=ana", "Bo")], header=HEADER))
    with open_contacts([report]) as file:
        assert resolve_mapping(file.header).custom_fields == (("name", 1),)
        row = next(file.rows())
        again = written(RejectedRow(1, 2, "space", "A space.", row.cells), header=file.header)
    assert again[0] == ["Email", "Name", "row", "line", "reason_code", "reason"]
    assert again[1] == ["'=ana", "Bo", "1", "2", "space", "A space."]


def test_a_long_report_comes_in_blocks() -> None:
    blocks = list(write_rejected([rejected("x" * 100, "y")] * 5000, header=HEADER))
    assert len(blocks) > 5
    assert max(map(len, blocks)) < 80_000
