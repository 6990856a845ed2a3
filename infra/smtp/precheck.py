"""What is refused before the wire sees it, as the reply an honest server would have given.

The client library sends `a@x` for `a@x,b@y` and passes long lines, NUL and 8-bit bodies as they
are, so none of that may get as far.
"""

import re

from domain.delivery.smtp_reply import SmtpReply
from infra.smtp.connect import Capabilities
from infra.smtp.mail import OutgoingMail

MAX_ADDRESS_OCTETS = 254
MAX_LOCAL_OCTETS = 64
MAX_LINE_OCTETS = 998

# One addr-spec: no spaces, controls, quotes, angle brackets, routes, lists or domain literals.
_ADDRESS = re.compile(
    r"[^\s\x00-\x1f\x7f-\x9f<>()\[\]\\,;:@\"]+@[^\s\x00-\x1f\x7f-\x9f<>()\[\]\\,;:@\"]+"
)

_BAD_RECIPIENT = SmtpReply(553, (5, 1, 3), "the recipient is not one plain address")
_BAD_SENDER = SmtpReply(553, (5, 1, 7), "the sender is not one plain address")
_NO_SMTPUTF8 = SmtpReply(553, (5, 6, 7), "the address needs SMTPUTF8, which the server lacks")
_NO_8BITMIME = SmtpReply(554, (5, 6, 3), "the body has 8-bit octets, the server lacks 8BITMIME")
_BARE_LINE_END = SmtpReply(554, (5, 6, 0), "the message has a CR or LF outside a CRLF pair")
_HAS_NUL = SmtpReply(554, (5, 6, 0), "the message contains NUL")
_LONG_LINE = SmtpReply(554, (5, 6, 0), f"a line is longer than {MAX_LINE_OCTETS} octets")
_EMPTY = SmtpReply(554, (5, 6, 0), "the message is empty")


def refusal_before_the_wire(mail: OutgoingMail, *, server: Capabilities) -> SmtpReply | None:
    """Return the reply with which to refuse a message this server must not be given, or None."""
    return (
        _address_refusal(mail, server=server)
        or _size_refusal(mail.data, server=server)
        or _body_refusal(mail.data, server=server, is_plain=mail.is_plain)
    )


def _address_refusal(mail: OutgoingMail, *, server: Capabilities) -> SmtpReply | None:
    if not _is_one_address(mail.rcpt_to):
        return _BAD_RECIPIENT
    if mail.mail_from and not _is_one_address(mail.mail_from):
        return _BAD_SENDER
    needs_utf8 = mail.smtputf8 or not (mail.rcpt_to.isascii() and mail.mail_from.isascii())
    return _NO_SMTPUTF8 if needs_utf8 and not server.smtputf8 else None


def _is_one_address(address: str) -> bool:
    if _ADDRESS.fullmatch(address) is None:
        return False
    if address.isascii():
        return len(address) <= MAX_ADDRESS_OCTETS and address.index("@") <= MAX_LOCAL_OCTETS
    try:
        local, _, whole = address.encode().partition(b"@")
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return len(local) <= MAX_LOCAL_OCTETS and len(local) + 1 + len(whole) <= MAX_ADDRESS_OCTETS


def _size_refusal(data: bytes, *, server: Capabilities) -> SmtpReply | None:
    if server.max_bytes and len(data) > server.max_bytes:
        text = f"the message has {len(data)} octets, the server takes {server.max_bytes}"
        return SmtpReply(552, (5, 3, 4), text)
    return None


def _body_refusal(data: bytes, *, server: Capabilities, is_plain: bool) -> SmtpReply | None:
    if not data:
        return _EMPTY
    if not server.eightbitmime and not data.isascii():
        return _NO_8BITMIME
    if b"\0" in data:
        return _HAS_NUL
    if is_plain:
        return None
    lines = data.split(b"\r\n")
    pairs = len(lines) - 1
    if data.count(b"\n") != pairs or data.count(b"\r") != pairs:
        return _BARE_LINE_END
    return _LONG_LINE if max(map(len, lines)) > MAX_LINE_OCTETS else None
