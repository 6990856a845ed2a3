import io

import pytest

from infra.files.csv_records import CsvRecords, Record
from infra.files.limits import MAX_CELL_CHARS, MAX_RECORD_CHARS
from tests.support.work import work_of


def records_of(text: str, *, delimiter: str = ",") -> list[Record]:
    return list(CsvRecords(iter(io.StringIO(text, newline="")), delimiter=delimiter))


def cells_of(text: str) -> list[list[str]]:
    return [record.cells for record in records_of(text)]


def codes_of(text: str) -> list[tuple[int, str | None]]:
    return [(r.line_number, r.fault.code if r.fault else None) for r in records_of(text)]


def test_quoted_separators_quotes_and_line_breaks_belong_to_the_value() -> None:
    assert cells_of('a,"b,c","d ""e"" f","g\r\nh"\r\ni\r\n') == [
        ["a", "b,c", 'd "e" f', "g\r\nh"],
        ["i"],
    ]


def test_a_record_knows_the_line_it_starts_at() -> None:
    lines = [record.line_number for record in records_of('a\n\n"b\nb\nb",c\n\r\nd\re\n')]
    assert lines == [1, 3, 7, 8]


def test_blank_lines_are_no_records_but_quoted_nothing_is() -> None:
    assert cells_of('a\n\n   \n\t\n""\n,\n') == [["a"], [""], ["", ""]]


def test_mixed_line_ends_and_a_missing_last_one_are_fine() -> None:
    assert cells_of("a\r\nb\nc\rd") == [["a"], ["b"], ["c"], ["d"]]


def test_a_stray_quote_inside_a_line_is_read_as_spreadsheets_do() -> None:
    assert cells_of('a,"The "Old" Mill",b\nc"d,e\n') == [["a", 'The Old" Mill"', "b"], ['c"d', "e"]]


def test_a_quote_left_open_loses_its_own_line_only() -> None:
    text = 'h,i\na,"open\nb,"x, y"\nc,"d"\ne,f\n'
    assert codes_of(text) == [(1, None), (2, "unterminated_quote"), (3, None), (4, None), (5, None)]
    assert cells_of(text)[2:] == [["b", "x, y"], ["c", "d"], ["e", "f"]]


def test_a_quote_left_open_until_the_end_loses_its_own_line_only() -> None:
    text = 'h,i\na,"open\nb,c\nd,e\n'
    assert codes_of(text) == [(1, None), (2, "unterminated_quote"), (3, None), (4, None)]


def test_the_reason_names_the_line_where_the_quote_opened() -> None:
    record = records_of('h\na,"fine\nstill",b,"open\nc\n')[1]
    assert record.line_number == 2
    assert record.fault is not None
    assert record.fault.reason.startswith("The quote opened in line 3 is never closed")
    assert cells_of('h\na,"fine\nstill",b,"open\nc\n')[2] == ["c"]


def test_a_quote_may_open_behind_spaces() -> None:
    assert cells_of('a, "b, c"\n') == [["a", "b, c"]]
    assert codes_of('h\na, "b\nc,"d"\n') == [(1, None), (2, "unterminated_quote"), (3, None)]


def test_a_quote_left_open_in_the_last_line_is_found() -> None:
    assert codes_of('h\n"') == [(1, None), (2, "unterminated_quote")]
    assert codes_of('h\na,"b\n') == [(1, None), (2, "unterminated_quote")]


def test_an_open_quote_in_a_long_file_is_given_up_at_the_record_limit() -> None:
    rows = 3 * MAX_RECORD_CHARS // 20
    text = 'h,i\na,"open\n' + "b,some company name\n" * rows
    codes = codes_of(text)
    assert codes[1] == (2, "unterminated_quote")
    assert len(codes) == rows + 2
    assert all(code is None for _, code in codes[2:])


def test_ten_thousand_columns_are_one_bad_row() -> None:
    records = records_of("h,i\n" + "x," * 9_999 + "x\na,b\n")
    assert [r.fault.code if r.fault else None for r in records] == [None, "too_many_columns", None]
    assert records[1].fault is not None
    assert "10000 cells" in records[1].fault.reason
    assert len(records[1].cells) == 200


@pytest.mark.parametrize("size", [MAX_CELL_CHARS + 1, 200_000])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_cell_beyond_the_limit_is_one_bad_row(size: int, quote: str) -> None:
    codes = codes_of(f"h,i\na,{quote}{'x' * size}{quote}\nb,c\n")
    assert [line for line, _ in codes] == [1, 2, 3]
    assert codes[1][1] == "cell_too_long"
    assert codes[2][1] is None


def test_a_row_beyond_the_limit_is_one_bad_row() -> None:
    assert codes_of("h\n" + "x" * (MAX_RECORD_CHARS + 1) + "\nb\n") == [
        (1, None), (2, "row_too_long"), (3, None),
    ]  # fmt: skip


@pytest.mark.parametrize("line", ['a,"b\n', '"\n', 'x","\n', '""","\n', '"a"b"\n'])
def test_a_file_full_of_broken_quotes_takes_linear_work(line: str) -> None:
    def work_for(count: int) -> int:
        return work_of(lambda: list(CsvRecords(iter([line] * count), delimiter=",")))

    assert work_for(20_000) < 5 * work_for(5_000) + 1_000
