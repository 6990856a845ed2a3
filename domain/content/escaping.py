"""Escape a contact's value for the place it is written to; a value can never add a merge tag."""

import re
import unicodedata
from enum import Enum
from urllib.parse import quote

# Line and paragraph separators and C0/C1 controls have no place in a merged value; tabs and line
# feeds stay where the context can hold them.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_LINE_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Bidirectional overrides and isolates could reorder the text around the value.
_BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_SPECIAL = re.compile(r"""[&<>"'{}]""")
_ENTITIES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
    "{": "&#123;",
    "}": "&#125;",
}


class Place(Enum):
    """Where a value is written; it decides the escaping."""

    HTML = "html"
    URL_PART = "url_part"
    URL_WHOLE = "url_whole"
    PLAIN = "plain"
    HEADER = "header"


def html_text(value: str) -> str:
    """Escape for an HTML text or a quoted attribute; braces become references too."""
    if _SPECIAL.search(value):
        return _SPECIAL.sub(lambda found: _ENTITIES[found[0]], value)
    return value


def clean_value(value: str) -> str:
    """Drop control characters, bidirectional overrides and lone surrogates from a value."""
    if value.isascii() and value.isprintable():
        return value
    value = _BIDI.sub("", _CONTROLS.sub("", value))
    return value.encode("utf-8", "ignore").decode("utf-8")


def one_line(value: str) -> str:
    """Return the value as one line: every run of controls and line breaks is one space."""
    if value.isascii() and value.isprintable():
        return value
    return clean_value(_LINE_CONTROLS.sub(" ", value)).strip()


def plain_text(value: str) -> str:
    """Escape for plain text: a double brace is broken up, so that it can be no merge tag."""
    return value.replace("{{", "{ {") if "{{" in value else value


def url_part(value: str) -> str:
    """Percent-encode for any part of a URL behind the host; `@` may stand there (RFC 3986, 3.3)."""
    return quote(value, safe="@")


def whole_url(value: str) -> str:
    """Return an absolute http(s) URL escaped for HTML, or `#` when the value is anything else."""
    scheme, colon, rest = value.partition("://")
    safe = colon and scheme.lower() in {"http", "https"} and rest[:1] not in {"", "/", "?", "#"}
    unsafe_character = any(
        character in "\"'<>\\^`{|} " or unicodedata.category(character).startswith(("C", "Z"))
        for character in value
    )
    return html_text(value) if safe and not unsafe_character else "#"


def escape(value: str, place: Place) -> str:
    """Clean and escape a value for this place."""
    if place is Place.HTML:
        return html_text(clean_value(value))
    if place is Place.PLAIN:
        return plain_text(clean_value(value))
    if place is Place.HEADER:
        return plain_text(one_line(value))
    line = one_line(value)
    return url_part(line) if place is Place.URL_PART else whole_url(line)
