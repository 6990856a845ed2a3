"""The line that inboxes show behind the subject: hidden text at the start of the body.

The HTML part carries it where mail programs look; the text part leaves hidden text out.
"""

from html import escape

from domain.content.html_tokens import Kind, tokens

_STYLE = "display:none;max-height:0;overflow:hidden;mso-hide:all"


def with_preheader(html: str, preheader: str) -> str:
    """Return the document with the line right behind its body tag; merge tags in it stay."""
    if not preheader:
        return html
    line = f'<div style="{_STYLE}">{escape(preheader, quote=False)}</div>'
    for token in tokens(html):
        if token.kind is Kind.START and token.name == "body":
            return html[: token.end] + line + html[token.end :]
    return line + html
