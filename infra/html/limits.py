"""Refuse HTML that is too large or too deep before the sanitizer's parser sees it.

The parser behind nh3 takes time that grows with the square of the nesting (300 KB of open `<div>`
take seconds), so depth is counted here in one pass, and counted high rather than low.
"""

from collections.abc import Iterable

from domain.content.errors import TemplateRefusedError
from domain.content.html_tokens import RAW_TEXT, Kind, Token, line_and_column
from domain.content.names import names

MAX_BYTES = 512 * 1024
MAX_DEPTH = 256
MAX_ATTRIBUTES = 100

_VOID = names("area base br col embed hr img input link meta param source track wbr")
# These close each other or stand only inside a table or list, which is counted itself.
_IMPLIED = names("html head body p li dd dt option tbody thead tfoot tr td th caption colgroup")
# Inside these, a parser reads raw-text elements in another way than the tokenizer does.
_CONFUSING = frozenset({"svg", "math", "select", "template", "frameset"})


def check_size(html: str) -> None:
    """Raise TemplateRefusedError when the document is larger than MAX_BYTES in UTF-8."""
    size = len(html.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise TemplateRefusedError(
            f"the template has {size:,} bytes, at most {MAX_BYTES:,} are allowed (mail programs "
            "cut a message off near 100,000): move pictures and long texts to a web page"
        )


def check_structure(html: str, found: Iterable[Token]) -> None:
    """Raise TemplateRefusedError, naming the line, when nesting or attributes pass the limits."""
    stack: list[str] = []
    confusing: Token | None = None
    for token in found:
        if token.kind is Kind.END:
            _close(stack, token.name)
        if token.kind is not Kind.START:
            continue
        if len(token.attributes) > MAX_ATTRIBUTES:
            _refuse(html, token, f"<{token.name}> has more than {MAX_ATTRIBUTES} attributes")
        if token.name in _CONFUSING:
            confusing = confusing or token
        if confusing and token.name in RAW_TEXT:
            what = f"<{token.name}> after <{confusing.name}> is read in different ways"
            _refuse(html, token, f"{what}; remove <{confusing.name}>, mails cannot use it")
        if token.name not in _VOID and token.name not in _IMPLIED:
            stack.append(token.name)
            if len(stack) > MAX_DEPTH:
                _refuse(html, token, f"elements are nested more than {MAX_DEPTH} deep")


def _close(stack: list[str], name: str) -> None:
    """Forget an element only where every parser agrees that it ends; else the count stays high."""
    if stack and stack[-1] == name:
        stack.pop()
    elif name == "table" and "table" in stack and "template" not in stack:
        while stack.pop() != "table":
            pass


def _refuse(html: str, token: Token, reason: str) -> None:
    line, column = line_and_column(html, token.start)
    raise TemplateRefusedError(
        f"line {line}, column {column}: {reason}; close what is open or make the template simpler"
    )
