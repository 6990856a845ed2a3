"""A linear HTML tokenizer that keeps source positions; it finds places, it never judges safety."""

import re
from collections.abc import Iterator
from enum import Enum
from html import unescape
from typing import NamedTuple

from domain.content.names import names

# Elements whose content is text up to their own end tag (HTML standard, 13.2.5).
RAW_TEXT = names("script style title textarea xmp iframe noembed noframes plaintext")
_SPACE = "\t\n\f\r "
# Every pattern is one run of one character class: nothing to backtrack into.
_BETWEEN_ATTRIBUTES = re.compile(r"[\t\n\f\r /]*")
_WHITESPACE = re.compile(r"[\t\n\f\r ]*")
_TAG_NAME = re.compile(r"[^\t\n\f\r />]+")
_ATTRIBUTE_NAME = re.compile(r"=?[^\t\n\f\r />=]*")
_UNQUOTED = re.compile(r"[^\t\n\f\r >]*")
_COMMENT_END = re.compile(r"--!?>")
_RAW_END = {name: re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE) for name in RAW_TEXT}


class Kind(Enum):
    """What a token is; DECLARATION covers doctypes and everything browsers treat as a comment."""

    TEXT = "text"
    RAW = "raw"
    START = "start"
    END = "end"
    COMMENT = "comment"
    DECLARATION = "declaration"


class Attribute(NamedTuple):
    """One attribute; `raw` is as written, `at` the offset of the value (of the name if none)."""

    name: str
    raw: str
    at: int

    @property
    def value(self) -> str:
        """Return the value with its character references decoded."""
        return unescape(self.raw) if "&" in self.raw else self.raw


class Token(NamedTuple):
    """One piece of the source, `html[start:end]`; names are lower case, RAW has its element's."""

    kind: Kind
    start: int
    end: int
    name: str = ""
    attributes: tuple[Attribute, ...] = ()

    def get(self, name: str) -> str | None:
        """Return the decoded value of the first attribute of this name."""
        return next((item.value for item in self.attributes if item.name == name), None)


def tokens(html: str) -> Iterator[Token]:
    """Yield the tokens in order; an unfinished tag at the end is dropped, as browsers do."""
    position = text_start = 0
    size = len(html)
    while position < size:
        opening = html.find("<", position)
        if opening < 0:
            break
        token = _markup(html, opening)
        if token is None:
            position = opening + 1
            continue
        if opening > text_start:
            yield Token(Kind.TEXT, text_start, opening)
        yield token
        position = text_start = token.end
        if token.kind is Kind.START and token.name in RAW_TEXT:
            position = text_start = _raw_end(html, token)
            if position > token.end:
                yield Token(Kind.RAW, token.end, position, token.name)
    if size > text_start:
        yield Token(Kind.TEXT, text_start, size)


def _raw_end(html: str, token: Token) -> int:
    if token.name == "plaintext":
        return len(html)
    found = _RAW_END[token.name].search(html, token.end)
    return found.start() if found else len(html)


def _markup(html: str, at: int) -> Token | None:
    """Return the token that this `<` opens, or None when it is only text."""
    following = html[at + 1 : at + 2]
    if _is_letter(following):
        return _tag(html, at, kind=Kind.START, name_at=at + 1)
    if following == "/":
        if _is_letter(html[at + 2 : at + 3]):
            return _tag(html, at, kind=Kind.END, name_at=at + 2)
        return None if at + 2 >= len(html) else _declaration(html, at)
    if html.startswith("<!--", at):
        return _comment(html, at)
    return _declaration(html, at) if following in {"!", "?"} else None


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _comment(html: str, at: int) -> Token:
    for short in (">", "->"):
        if html.startswith(short, at + 4):
            return Token(Kind.COMMENT, at, at + 4 + len(short))
    found = _COMMENT_END.search(html, at + 4)
    return Token(Kind.COMMENT, at, found.end() if found else len(html))


def _declaration(html: str, at: int) -> Token:
    closing = html.find(">", at)
    return Token(Kind.DECLARATION, at, closing + 1 if closing >= 0 else len(html))


def _run(pattern: re.Pattern[str], html: str, at: int) -> int:
    """Return where the run of this pattern that starts here ends; every pattern may be empty."""
    found = pattern.match(html, at)
    return found.end() if found else at


def _tag(html: str, at: int, *, kind: Kind, name_at: int) -> Token:
    position = _run(_TAG_NAME, html, name_at)
    name = html[name_at:position].lower()
    attributes: list[Attribute] = []
    size = len(html)
    while True:
        position = _run(_BETWEEN_ATTRIBUTES, html, position)
        if position >= size:
            return Token(Kind.DECLARATION, at, size)
        if html[position] == ">":
            return Token(kind, at, position + 1, name, tuple(attributes))
        attribute, position = _attribute(html, position)
        attributes.append(attribute)


def _attribute(html: str, at: int) -> tuple[Attribute, int]:
    position = _run(_ATTRIBUTE_NAME, html, at)
    name = html[at:position].lower()
    equals = _run(_WHITESPACE, html, position)
    if not html.startswith("=", equals):
        return Attribute(name, "", at), position
    start = _run(_WHITESPACE, html, equals + 1)
    quote = html[start : start + 1]
    if quote in {'"', "'"}:
        closing = html.find(quote, start + 1)
        end = closing if closing >= 0 else len(html)
        return Attribute(name, html[start + 1 : end], start + 1), min(end + 1, len(html))
    end = _run(_UNQUOTED, html, start)
    return Attribute(name, html[start:end], start), end


def line_and_column(source: str, offset: int) -> tuple[int, int]:
    """Return the 1-based line and column of an offset."""
    return source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset)
