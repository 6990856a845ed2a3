"""Contact files that nobody can import, made here: what the refusal must say of each."""

import io
import zipfile

import msgspec


class BadFile(msgspec.Struct, frozen=True):
    """The bytes, the code of the refusal, and what its sentence must name: place and repair."""

    body: bytes
    code: str
    names: tuple[str, ...]


def _zip(*members: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for member in members:
            archive.writestr(member, "<x/>")
    return packed.getvalue()


_PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
_WIDE = ",".join(["email", *(f"c{n}" for n in range(9_999))]).encode()

BAD_FILES = {
    "no e-mail column": BadFile(
        b"Name,Town\nAnn,Ghent\n", "no_email_column", ("Name, Town", "Rename", "“email”")
    ),
    "no header": BadFile(
        b"ann@example.com,Ann\nbob@example.com,Bob\n", "no_email_column", ("first row", "Add")
    ),
    "no bytes": BadFile(b"", "empty_file", ("0 bytes",)),
    "blank lines": BadFile(b"\n\r\n  \n", "empty_file", ("no text",)),
    "only a header": BadFile(b"email,name\n", "only_header", ("line 1", "add contacts")),
    "two columns of one name": BadFile(
        b"email,Town,town\na@b.example,x,y\n", "duplicate_header", ("Line 1", "2, 3", "Rename")
    ),
    "zip": BadFile(_zip("contacts.csv"), "binary_file", ("zip archive", "Save the list as CSV")),
    "xlsx": BadFile(
        _zip("[Content_Types].xml", "xl/workbook.xml"),
        "binary_file",
        ("Excel workbook (.xlsx)", "Save the list as CSV"),
    ),
    "png": BadFile(_PNG, "binary_file", ("PNG image", "Save the list as CSV")),
    "machine code": BadFile(b"\x7fELF" + bytes(range(256)) * 40, "binary_file", ("binary", "CSV")),
    "NUL bytes in the header": BadFile(
        b"em\x00ail,name\nann@example.com,Ann\n",
        "unreadable_header",
        ("Line 1", "NUL byte", "Export the file again"),
    ),
    "a header of 10,000 columns": BadFile(
        _WIDE + b"\nann@example.com\n", "too_many_columns", ("Line 1", "10000", "200")
    ),
    "an unterminated quote in the header": BadFile(
        b'email,"name\nann@example.com,Ann\n', "unreadable_header", ("Line 1", "close it")
    ),
}

_LONG_ROW = b"long@example.com," + b",".join([b"x"] * 9_999)
BAD_ROWS = b"\n".join(
    (
        b"email,name,town",
        "ann@example.com,Ann,Gräz".encode(),
        b'quote@example.com,"never closed,Ghent',
        b"bob@example.com,Bob,Ghent",
        _LONG_ROW,
        b"cas@example.com,Cas,Bruges",
        b"nul@example.com,N\x00ul,Ghent",
        b"dot@example.com,Dot,Ghent",
        b"bytes@example.com,M\xfcller,Ghent",
        "eve@example.com,Éve,Liège\n".encode(),
    )
)
GOOD_PEOPLE = ["ann", "bob", "cas", "dot", "eve"]
REJECTED = [  # line, code, what the reason names
    ("3", "unterminated_quote", "line 3"),
    ("5", "too_many_columns", "10000 cells"),
    ("7", "nul_byte", "NUL byte"),
    ("9", "bad_encoding", "UTF-8"),
]
