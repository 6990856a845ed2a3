"""Find out what encoding a contact file is in, and be able to say why."""

import codecs
import re
from typing import BinaryIO

import msgspec

from domain.contacts.contact_row import ContactFileError

_BLOCK_BYTES = 1024 * 1024
_HEAD_BYTES = 64 * 1024
_UTF16_ZERO_SHARE = 0.4  # of every second byte, in Western text without a byte order mark
_RAW_BYTE = re.compile("[\udc80-\udcff]")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: it starts with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class TextEncoding(msgspec.Struct, frozen=True):
    """The encoding a file is read with, and the sentence that says why."""

    name: str
    note: str

    @property
    def errors(self) -> str:
        """What becomes of bytes that do not decode: kept apart where possible, row by row."""
        return "replace" if self.name.startswith(("utf-16", "utf-32")) else "surrogateescape"


def detect_encoding(file: BinaryIO) -> TextEncoding:
    """Read a file once from its start and decide; leaves the position anywhere.

    UTF-8 if the whole file is, else UTF-8 with damage if most of its accents are, else cp1252,
    the single-byte encoding that spreadsheets save with. Which other single-byte encoding a file
    may be in cannot be known from its bytes: then the caller names it.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return TextEncoding(name, f"read as {name}: the file says so by its byte order mark")
    wide = _utf16_without_mark(head)
    return wide or _utf8_or_cp1252(file)


def named_encoding(name: str) -> TextEncoding:
    """Take the caller's word. Raises ContactFileError `unknown_encoding`."""
    try:
        "".encode(name)
        codec = codecs.lookup(name)
    except (LookupError, UnicodeError, ValueError):
        raise ContactFileError(
            "unknown_encoding", f"“{name[:40]}” is no text encoding: try utf-8 or cp1252."
        ) from None
    return TextEncoding(codec.name, f"read as {codec.name}, as asked")


def _utf16_without_mark(head: bytes) -> TextEncoding | None:
    half = len(head) // 2
    for name, start in (("utf-16-le", 1), ("utf-16-be", 0)):
        zeros = head[start::2].count(0)
        others = head[1 - start :: 2].count(0)
        if half and zeros > half * _UTF16_ZERO_SHARE and not others:
            return TextEncoding(name, f"read as {name}: every second byte is zero")
    return None


def _utf8_or_cp1252(file: BinaryIO) -> TextEncoding:
    first_bad_line, accents, strays = _try_utf8(file)
    if not first_bad_line:
        return TextEncoding("utf-8", "read as utf-8: every byte of the file is")
    if accents >= strays:
        note = f"read as utf-8 with damage: line {first_bad_line} holds a byte that is not UTF-8"
        return TextEncoding("utf-8", note)
    note = f"read as cp1252: line {first_bad_line} holds a byte that is not UTF-8"
    return TextEncoding("cp1252", note)


def _try_utf8(file: BinaryIO) -> tuple[int, int, int]:
    """Return the line of the first stray byte (0: none), and how many accents and strays.

    Text with non-ASCII characters decodes here as UTF-8 almost never by chance.
    """
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    first_bad_line = accents = strays = line_feeds = 0
    while block := file.read(_BLOCK_BYTES):
        text = decoder.decode(block)
        if not text.isascii():
            bad = _RAW_BYTE.search(text)
            if bad and not first_bad_line:
                first_bad_line = line_feeds + text.count("\n", 0, bad.start()) + 1
            strays += len(_RAW_BYTE.findall(text))
            accents += len(text) - len(text.encode("ascii", "ignore"))
        line_feeds += block.count(b"\n")
    if decoder.decode(b"", final=True):
        strays += 1
        first_bad_line = first_bad_line or line_feeds + 1
    return first_bad_line, accents - strays, strays
