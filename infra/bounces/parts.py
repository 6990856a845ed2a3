"""A message in parts, within bounds: no input makes this slow, deep or large.

The standard library parses (compat32, which leaves header values alone); what it could be made to
do too often is counted before.
"""

from collections.abc import Iterator
from email import policy
from email.message import Message
from email.parser import BytesParser
from typing import TypeAlias

MAX_READ_BYTES = 256 * 1024
"""Reports quote the mail they are about; what they say themselves stands before."""
MAX_BOUNDARIES = 24
MAX_PARTS = 64
MAX_TEXT = 20_000
_MAX_HEADER_LINES = 400
_PARSER = BytesParser(policy=policy.compat32)

Parsed: TypeAlias = "Message[str, str]"


def parse(raw: bytes) -> "Parsed | None":
    """Return the message, None when it nests deeper than any report does."""
    raw = raw[:MAX_READ_BYTES]
    if raw.lower().count(b"boundary") > MAX_BOUNDARIES:
        return None
    head = raw.partition(b"\r\n\r\n")[0].partition(b"\n\n")[0]
    if head.count(b"\n") > _MAX_HEADER_LINES:
        return None
    return _PARSER.parsebytes(raw)


def parts(message: Parsed) -> Iterator[Parsed]:
    """Yield the leaves and the wrapped messages, in order, not what is inside of a wrapped one."""
    waiting, seen = [message], 0
    while waiting and seen < MAX_PARTS:
        part, seen = waiting.pop(0), seen + 1
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting[:0] = _children(part)
        else:
            yield part


def _children(part: Parsed) -> list[Parsed]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)]


def text_of(part: Parsed) -> str:
    """Return the text of a part, decoded as far as it can be, at most 20,000 characters."""
    payload = part.get_payload()
    if isinstance(payload, list):
        # message/delivery-status is parsed into a block of headers each; message/rfc822 into one.
        blocks = (child.as_string() for child in payload[:MAX_PARTS] if isinstance(child, Message))
        return "\n".join(blocks)[:MAX_TEXT]
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        return data.decode(part.get_content_charset("utf-8"), "replace")[:MAX_TEXT]
    except LookupError:
        return data.decode("utf-8", "replace")[:MAX_TEXT]


def field(part: Parsed, name: str) -> str:
    """Return a header's value on one line, empty when it is missing."""
    value = part.get(name)
    return " ".join(str(value).split()) if value is not None else ""
