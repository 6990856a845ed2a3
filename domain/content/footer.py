"""The footer that every marketing mail needs, added where the template has none of its own."""

from domain.content.merge_tags import POSTAL_ADDRESS, UNSUBSCRIBE_URL

_STYLE = (
    "margin:24px auto;padding:0 16px;max-width:600px;text-align:center;"
    "font:12px Arial,sans-serif;color:#6b6b6b"
)


def html_footer(*, address: bool, unsubscribe: bool) -> str:
    """Return the missing parts as HTML with merge tags; empty when nothing is missing."""
    parts = []
    if address:
        parts.append(f"{{{{ {POSTAL_ADDRESS} }}}}")
    if unsubscribe:
        parts.append(f'<a href="{{{{ {UNSUBSCRIBE_URL} }}}}" style="color:#6b6b6b">Unsubscribe</a>')
    return f'<div style="{_STYLE}">{"<br>".join(parts)}</div>\n' if parts else ""


def text_footer(*, address: bool, unsubscribe: bool) -> str:
    """Return the missing parts as plain text with merge tags; empty when nothing is missing."""
    parts = []
    if address:
        parts.append(f"{{{{ {POSTAL_ADDRESS} }}}}")
    if unsubscribe:
        parts.append(f"Unsubscribe: {{{{ {UNSUBSCRIBE_URL} }}}}")
    return "\n\n-- \n" + "\n".join(parts) + "\n" if parts else ""
