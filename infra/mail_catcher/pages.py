"""The inbox as plain HTML: no script, and a captured message never runs in the page's origin."""

import re
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from urllib.parse import urlencode

from infra.mail_catcher.store import CapturedMail, Stats

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
# Remote images stay unloaded: looking at a captured message must not count as an open.
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:;"
    " style-src 'unsafe-inline'; frame-ancestors 'self'"
)
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
  color: #1c1e21; background: #fff; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #d9dce1;
  overflow-wrap: anywhere; }
a { color: #0b57d0; }
iframe { width: 100%; height: 40rem; border: 1px solid #d9dce1; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f5f7; padding: 1rem; }
input, button { font: inherit; padding: .3rem .6rem; }
@media (prefers-color-scheme: dark) {
  body { color: #e6e6e6; background: #16181c; } a { color: #8ab4f8; } pre { background: #22252b; }
  th, td { border-color: #3a3f47; } iframe { background: #fff; }
}
"""
_HEAD_TAG = re.compile(r"<head[^<>]{0,200}>", re.IGNORECASE)


def inbox(
    mails: Sequence[CapturedMail], *, stats: Stats, rcpt_to: str, next_before: int | None
) -> str:
    """Return the list of messages, newest first."""
    rows = "".join(
        f"<tr><td>{escape(mail.received_at)}</td><td>{escape(mail.rcpt_to)}</td>"
        f'<td><a href="/messages/{mail.id}">{escape(mail.subject) or "(no subject)"}</a></td>'
        f"<td>{mail.bytes:,}</td></tr>"
        for mail in mails
    )
    query = urlencode({"before": next_before or 0, "rcpt_to": rcpt_to})
    older = f'<p><a rel="next" href="/?{escape(query)}">Older</a></p>' if next_before else ""
    empty = "" if mails else "<p>No messages.</p>"
    return _page(
        "Inbox",
        f"<h1>Captured mail</h1><p>{stats.accepted:,} accepted, {stats.refused:,} refused,"
        f" {stats.deferred:,} put off. Nothing here was delivered to anyone.</p>"
        '<form><label>Recipient <input type="search" name="rcpt_to"'
        f' value="{escape(rcpt_to)}"></label> <button>Search</button></form>'
        '<table><thead><tr><th scope="col">Received</th><th scope="col">To</th>'
        '<th scope="col">Subject</th><th scope="col">Bytes</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>{empty}{older}",
    )


def one_message(mail: CapturedMail, *, raw: bytes) -> str:
    """Return one message: its headers, its HTML in a sandbox, its text."""
    parsed = _parse(raw)
    headers = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(str(value))}</td></tr>'
        for name, value in parsed.raw_items()
    )
    text = _part(parsed, "plain")
    has_html = _part(parsed, "html") is not None
    frame = f'<iframe sandbox="{_FRAME}" title="HTML part" src="/messages/{mail.id}/html"></iframe>'
    return _page(
        mail.subject or "(no subject)",
        f'<p><a href="/">Inbox</a></p><h1>{escape(mail.subject) or "(no subject)"}</h1>'
        f"<p>From {escape(mail.mail_from)} to {escape(mail.rcpt_to)},"
        f' <a href="/api/messages/{mail.id}/raw">source</a></p>'
        f"{frame if has_html else ''}"
        f"{f'<h2>Text part</h2><pre>{escape(text)}</pre>' if text is not None else ''}"
        f"<h2>Headers</h2><table>{headers}</table>",
    )


def html_part(raw: bytes) -> str | None:
    """Return the HTML part, its links made to open outside the sandboxed frame."""
    html = _part(_parse(raw), "html")
    if html is None:
        return None
    base = '<base target="_blank">'
    found = _HEAD_TAG.search(html)
    return html[: found.end()] + base + html[found.end() :] if found else base + html


_FRAME = "allow-popups allow-popups-to-escape-sandbox"


def _parse(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def _part(message: EmailMessage, subtype: str) -> str | None:
    part = message.get_body((subtype,))
    if part is None:
        return None
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return None
    charset = part.get_content_charset("utf-8")
    try:
        return payload.decode(charset, "replace")
    except LookupError:
        return payload.decode("latin-1")


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/style.css"></head>'
        f"<body><main>{body}</main></body></html>"
    )
