"""Recognise files that are no text, by name where possible: people upload the workbook itself."""

from domain.contacts.contact_row import ContactFileError

_SIGNATURES = (
    (b"PK\x03\x04", "a zip archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (such as .xls)"),
    (b"%PDF-", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"PAR1", "a Parquet file"),
)
_WORKBOOK_MARKS = (b"xl/", b"[Content_Types].xml")
_TEXT_CONTROLS = b"\t\n\v\f\r\x1a\x1b"
_CONTROLS = bytes(code for code in range(32) if code not in _TEXT_CONTROLS)
_BINARY_SHARE = 0.05  # of control bytes; a text file has none, or a few by accident
_FEW = 32


def refuse_binary(head: bytes) -> None:
    """Raise ContactFileError `binary_file` when the head of a file is no text.

    The caller rules out UTF-16 and UTF-32 before: they are full of zero bytes.
    """
    kind = _kind_of(head)
    if kind:
        raise ContactFileError(
            "binary_file", f"The file is {kind}, not text. Save the list as CSV (UTF-8) instead."
        )


def _kind_of(head: bytes) -> str | None:
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            is_workbook = kind == "a zip archive" and any(mark in head for mark in _WORKBOOK_MARKS)
            return "an Excel workbook (.xlsx)" if is_workbook else kind
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls > max(_FEW, len(head) * _BINARY_SHARE):
        return "binary"
    return None
