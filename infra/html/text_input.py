"""Bring the text of a template into the one form that the other steps expect."""

import re

from domain.content.errors import TemplateRefusedError

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")


def readable(html: str) -> str:
    """Return the text without byte order mark and control characters, lines ended by LF.

    Raises TemplateRefusedError for text that cannot be UTF-8 and for files that are no text.
    """
    html = html.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")
    if "\x00" in html:
        raise TemplateRefusedError(
            f"line {html.count(chr(10), 0, html.index(chr(0))) + 1}: the template has NUL bytes, "
            "so it is not a text file in UTF-8: save it as UTF-8 HTML"
        )
    try:
        html.encode("utf-8")
    except UnicodeEncodeError as error:
        line = html.count("\n", 0, error.start) + 1
        raise TemplateRefusedError(
            f"line {line}: a character cannot be encoded in UTF-8; replace it"
        ) from None
    return _CONTROLS.sub("", html)
