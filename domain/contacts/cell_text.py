"""Make the text of a cell fit to be stored and shown: trimmed, NFC, without control characters."""

import re
import unicodedata

from domain.contacts.contact_row import RowFault
from domain.shared.errors import DomainError

MAX_NAME_CHARS = 255

_RAW_BYTE = re.compile("[\ud800-\udfff]")
_LINE_BREAK = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_WHITESPACE = re.compile(r"\s+")
# Marks that turn the reading direction (a name must not rearrange the line it stands in), and
# the byte order mark. Joiners stay: Persian and Indic names need them.
_BIDI_AND_BOM = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
_EDGES = "\u200b\ufeff\u2060"  # invisible, and no whitespace to str.strip
_ALLOWED_CONTROLS = frozenset("\n\t")


class UnreadableCellError(DomainError):
    """A cell holds what no text holds; the row cannot be trusted."""

    code = "unreadable_cell"

    def __init__(self, fault: RowFault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


def trim(text: str) -> str:
    """Remove what surrounds a value and cannot be seen."""
    text = text.strip()
    if text and (text[0] in _EDGES or text[-1] in _EDGES):
        return text.strip(_EDGES + " \t\r\n\u00a0").strip()
    return text


def clean_value(text: str) -> str:
    """Return a custom field's value; line breaks stay, as line feeds."""
    if text.isprintable():
        if text.isascii():
            return text.strip()
    else:
        text = _without_controls(text)
    return trim(unicodedata.normalize("NFC", text))


def clean_name(text: str) -> str:
    """Return a person's name, on one line. Longer than MAX_NAME_CHARS is a mistake in the file."""
    name = clean_value(text)
    if not name.isprintable():
        name = _WHITESPACE.sub(" ", name)
    if len(name) > MAX_NAME_CHARS:
        raise UnreadableCellError(
            RowFault("name_too_long", f"A name is longer than {MAX_NAME_CHARS} characters.")
        )
    return name


def _without_controls(text: str) -> str:
    if "\0" in text:
        raise UnreadableCellError(
            RowFault("nul_byte", "A cell holds a NUL byte: remove it, or export the file again.")
        )
    if _RAW_BYTE.search(text):
        raise UnreadableCellError(
            RowFault("bad_encoding", "A cell holds broken text: save the file as UTF-8 again.")
        )
    text = _LINE_BREAK.sub("\n", text)
    return "".join(char for char in text if not _is_banned(char))


def _is_banned(char: str) -> bool:
    if char in _BIDI_AND_BOM:
        return True
    return unicodedata.category(char) == "Cc" and char not in _ALLOWED_CONTROLS
