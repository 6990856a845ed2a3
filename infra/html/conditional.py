"""Outlook's conditional comments, let through only when every character of them is known.

`<!--[if mso]>` and its numbered forms may hold a style sheet, the pixel density setting, or
"ghost" table tags, which are often unbalanced on purpose. Each is rebuilt from parsed tokens;
text, VML or anything else makes the whole comment go.
"""

import re
from html import escape

from domain.content.html_tokens import Kind, Token, tokens
from domain.content.names import names
from infra.html.css import clean_declarations, clean_stylesheet

_OPENING = re.compile(r"\[if (?:(?:gte|lte|gt|lt) )?mso(?: [0-9]{1,2})?\]>", re.IGNORECASE)
_CLOSING = "<![endif]"
_GHOSTS = names("table tbody tr td th center div br")
_GHOST_ATTRIBUTES = names(
    "align valign width height border cellpadding cellspacing bgcolor role style class dir"
)
_SETTINGS = names("xml noscript o:officedocumentsettings o:allowpng o:pixelsperinch")
_DENSITY = (
    "<xml><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch>"
    "</o:OfficeDocumentSettings></xml>"
)


def rebuild(comment: str) -> tuple[str, bool] | None:
    """Return the safe form of `<!--...-->` and whether it belongs into the head, or None."""
    content = comment.removeprefix("<!--").removesuffix("-->")
    opening = _OPENING.match(content)
    if not opening or not content.rstrip().lower().endswith(_CLOSING):
        return None
    inner = content[opening.end() : content.lower().rindex(_CLOSING)]
    condition = opening[0].lower()
    found = list(tokens(inner))
    for rebuilt, head in ((_style(inner, found), True), (_settings(inner, found), True)):
        if rebuilt:
            return f"<!--{condition}{rebuilt}{_CLOSING}-->", head
    ghosts = _ghosts(inner, found)
    return (f"<!--{condition}{ghosts}{_CLOSING}-->", False) if ghosts else None


def _style(inner: str, found: list[Token]) -> str:
    named = [token for token in found if not _is_blank(inner, token)]
    if not named or any(token.name != "style" for token in named):
        return ""
    css = "".join(inner[token.start : token.end] for token in named if token.kind is Kind.RAW)
    clean = clean_stylesheet(css).css
    return f"<style>{clean}</style>" if clean else ""


def _settings(inner: str, found: list[Token]) -> str:
    named = {token.name for token in found if token.kind in {Kind.START, Kind.END}}
    texts = "".join(
        inner[token.start : token.end] for token in found if token.kind is Kind.TEXT
    ).strip()
    return _DENSITY if "xml" in named and named <= _SETTINGS and texts == "96" else ""


def _ghosts(inner: str, found: list[Token]) -> str:
    written = []
    for token in found:
        if _is_blank(inner, token):
            continue
        if token.kind not in {Kind.START, Kind.END} or token.name not in _GHOSTS:
            return ""
        written.append(f"</{token.name}>" if token.kind is Kind.END else _ghost(token))
    return "".join(written)


def _ghost(token: Token) -> str:
    attributes = ""
    for attribute in token.attributes:
        value = attribute.value
        if attribute.name == "style":
            value = clean_declarations(value).css
        if attribute.name in _GHOST_ATTRIBUTES and not {"-->", "{{", "--!"} & {
            value[at : at + size] for at in range(len(value)) for size in (2, 3)
        }:
            attributes += f' {attribute.name}="{escape(value)}"'
    return f"<{token.name}{attributes}>"


def _is_blank(inner: str, token: Token) -> bool:
    return token.kind is Kind.TEXT and not inner[token.start : token.end].strip()
