import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from domain.contacts.contact_row import ContactFileError
from infra.files import csv_source
from infra.files.csv_source import ContactFile, open_contacts


def opened(data: bytes) -> ContactFile:
    return open_contacts([data])


def refusal_of(data: bytes) -> ContactFileError:
    with pytest.raises(ContactFileError) as refusal, opened(data) as file:
        list(file.rows())
    return refusal.value


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    text = "Email,Name,Tags\nana@example.com,Ana,x\nbo@example.com,Bo,\n".replace(",", delimiter)
    with opened(text.encode()) as file:
        assert file.delimiter == delimiter
        assert file.header == ("Email", "Name", "Tags")


def test_tags_with_pipes_do_not_hide_the_real_delimiter() -> None:
    with opened(b"Email;Tags\na@example.com;x|y|z\nb@example.com;x|y|z\n") as file:
        assert file.delimiter == ";"


def test_rows_as_wide_as_their_header_tell_the_delimiter_of_a_foreign_file() -> None:
    with opened(b"Kontakt;Poznamka, a, b, c\na@example.com;x\nb@example.com;y\n") as file:
        assert file.delimiter == ";"


def test_the_separator_line_of_excel_is_obeyed_and_counted() -> None:
    with opened(b"sep=;\r\nEmail;Name\r\na@example.com;A,B\r\n") as file:
        row = next(file.rows())
    assert row.cells == ["a@example.com", "A,B"]
    assert (row.row_number, row.line_number) == (1, 3)


def test_a_list_of_addresses_alone_is_a_file_of_one_column() -> None:
    with opened(b"email\na@example.com\n\nb@example.com\n") as file:
        assert [row.cells for row in file.rows()] == [["a@example.com"], ["b@example.com"]]


def test_rows_can_be_read_again_and_from_any_number() -> None:
    text = "\nEmail,N\n" + "".join(f'u{n}@example.com,"a\nb"\n' for n in range(1, 2001))
    with opened(text.encode()) as file:
        everything = list(file.rows())
        assert list(file.rows(start_row=1500)) == everything[1499:]
        assert everything[1499].row_number == 1500
        assert everything[1499].line_number == 3 + 2 * 1499
        assert list(file.rows(start_row=5000)) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_every_encoding_gives_the_same_rows(encoding: str) -> None:
    text = (
        "E-Mail,Name\r\nana@example.com,Zoë “Ł” 例え 👋\r\n"
        + "b@example.com,x\u2028y\x0bz\r\n" * 9000
    )
    with opened(text.encode(encoding)) as file:
        rows = list(file.rows())
    assert rows[0].cells == ["ana@example.com", "Zoë “Ł” 例え 👋"]
    assert len(rows) == 9001
    assert rows[-1].cells == ["b@example.com", "x\u2028y\x0bz"]


def test_a_named_encoding_and_delimiter_are_taken() -> None:
    with open_contacts(["Email%Miasto\na@example.com%Łódź\n".encode("cp1250")],
                       encoding="cp1250", delimiter="%") as file:  # fmt: skip
        assert next(file.rows()).cells == ["a@example.com", "Łódź"]


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n"])
def test_a_delimiter_that_cannot_separate_is_refused(delimiter: str) -> None:
    with pytest.raises(ContactFileError) as refusal:
        open_contacts([b"Email\na@example.com\n"], delimiter=delimiter)
    assert refusal.value.code == "bad_delimiter"


def test_a_path_is_read_without_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"Email\r\na@example.com\r\n")
    with open_contacts(path) as file:
        assert file.size_bytes == path.stat().st_size
        assert file.encoding.note == "read as utf-8: every byte of the file is"


def test_nul_bytes_reach_the_row_they_stand_in() -> None:
    with opened(b"Email,Name\na@example.com,A\0na\nb@example.com,Bo\n") as file:
        assert [row.cells[1] for row in file.rows()] == ["A\0na", "Bo"]


def workbook() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "code", "part"),
    [
        (b"", "empty_file", "0 bytes"),
        (b"\r\n \r\n\n", "empty_file", "no text"),
        (b"\xef\xbb\xbf", "empty_file", "no text"),
        (b"sep=;\r\n\r\n", "empty_file", "blank lines"),
        (b"Email,Name\r\n", "only_header", "no rows"),
        (b"Email,Name\r\n\r\n  \r\n", "only_header", "no rows"),
        (workbook(), "binary_file", "Excel workbook (.xlsx)"),
        (b"PK\x03\x04" + bytes(200), "binary_file", "zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "binary_file", ".xls"),
        (b"%PDF-1.7\n%...", "binary_file", "PDF"),
        (bytes(range(256)) * 50, "binary_file", "binary"),
        (b"Email,Name,name \na@example.com,A,B\n", "duplicate_header", "columns 2, 3"),
        (b"Em\0ail,Name\na@example.com,A\n", "unreadable_header", "NUL"),
        (b'Email,"Name\na@example.com,A\n', "unreadable_header", "line 1 is never closed"),
        (b"Email," * 9_999 + b"x\na@example.com\n", "too_many_columns", "10000 cells"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_place_and_repair(
    data: bytes, code: str, part: str
) -> None:
    refusal = refusal_of(data)
    assert refusal.code == code
    assert part in str(refusal)


def test_too_many_rows_end_the_reading_and_say_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_source, "MAX_ROWS", 3)
    refusal = refusal_of(b"Email\n" + b"a@example.com\n" * 4)
    assert refusal.code == "too_many_rows"
    assert "from line 5" in str(refusal)


def test_a_file_beyond_the_size_limit_is_refused_while_it_arrives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(csv_source, "MAX_FILE_BYTES", 1000)
    endless = iter(lambda: b"x" * 100, b"")
    with pytest.raises(ContactFileError) as refusal:
        open_contacts(endless)
    assert refusal.value.code == "file_too_large"


def test_a_file_beyond_the_size_limit_is_refused_unread(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(csv_source, "MAX_FILE_BYTES", 10)
    path = tmp_path / "list.csv"
    path.write_bytes(b"Email\na@example.com\n")
    with pytest.raises(ContactFileError) as refusal:
        open_contacts(path)
    assert refusal.value.code == "file_too_large"


def test_a_row_as_long_as_a_file_does_not_fill_memory(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    with path.open("wb") as file:
        file.write(b"Email,Name\na@example.com,A\n")
        for _ in range(24):
            file.write(b"," * 1024 * 1024)
        file.write(b"\nb@example.com,B\n")
    with open_contacts(path) as contacts:
        rows = list(contacts.rows())
    assert [row.line_number for row in rows] == [2, 3, 4]
    assert rows[1].fault is not None
    assert rows[1].fault.code == "row_too_long"
    assert rows[2].cells == ["b@example.com", "B"]
