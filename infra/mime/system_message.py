"""A letter of the system as a mail: text and HTML, 7-bit, no tracking, nothing to unsubscribe."""

from datetime import datetime
from email.utils import format_datetime
from html import escape
from uuid import UUID

import msgspec

from domain.delivery.system_mail import Letter
from infra.mime import headers
from infra.mime.quoted_printable import encode_fixed

_PART = (
    b'Content-Type: text/%s; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
)
_PAGE = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>\n'
    '<body style="font-family:sans-serif;line-height:1.5;max-width:36em;margin:2em auto;'
    'padding:0 1em">\n{body}</body></html>\n'
)
_BUTTON = (
    '<p><a href="{link}" style="display:inline-block;padding:.6em 1.2em;background:#1a5fb4;'
    'color:#ffffff;border-radius:4px;text-decoration:none">{action}</a></p>\n'
    "<p>Or open this address: {link}</p>\n"
)


class Sender(msgspec.Struct, frozen=True):
    """Who writes: a name, and an address that may stand in a header."""

    name: str
    address: str


def system_message(
    letter: Letter, *, sender: Sender, to_address: str, mail_id: UUID, sent_at: datetime
) -> bytes:
    """Return the whole RFC 5322 message; the same mail has the same Message-ID at each attempt.

    `Auto-Submitted` keeps vacation answers away (RFC 3834, 5). Raises UnsafeHeaderError for an
    address that cannot stand in a header.
    """
    domain = sender.address.rpartition("@")[2]
    boundary = b"=_" + mail_id.hex.encode()  # never in quoted-printable
    head = [
        headers.mailbox("From", headers.merged(sender.name), sender.address),
        headers.mailbox("To", "", to_address),
        headers.unstructured("Subject", headers.merged(letter.subject)),
        f"Date: {format_datetime(sent_at.replace(microsecond=0))}\r\n".encode(),
        headers.token("Message-ID", f"<{mail_id.hex}@{domain}>"),
        headers.token("Auto-Submitted", "auto-generated"),
        b"MIME-Version: 1.0\r\n",
        b'Content-Type: multipart/alternative;\r\n boundary="' + boundary + b'"\r\n\r\n',
    ]
    opening = b"--" + boundary + b"\r\n"
    body = [
        opening + _PART % b"plain" + encode_fixed(_text(letter)),
        b"\r\n" + opening + _PART % b"html" + encode_fixed(_html(letter)),
        b"\r\n--" + boundary + b"--\r\n",
    ]
    return b"".join(head + body)


def _text(letter: Letter) -> str:
    first, *others = letter.paragraphs
    action = [f"{letter.action}:\n{letter.link}"] if letter.action else []
    return "\n\n".join([first, *action, *others]) + "\n"


def _html(letter: Letter) -> str:
    first, *others = (f"<p>{escape(paragraph)}</p>\n" for paragraph in letter.paragraphs)
    link, action = escape(letter.link), escape(letter.action)
    button = _BUTTON.format(link=link, action=action) if letter.action else ""
    body = first + button + "".join(others)
    return _PAGE.format(title=escape(letter.subject), body=body)
