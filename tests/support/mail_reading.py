"""Read a built message back with the standard library, as a mail client would."""

from email import message_from_bytes, policy
from email.message import EmailMessage

LINE_POLICY = policy.default.clone(linesep="\r\n")


def read(raw: bytes) -> EmailMessage:
    """Parse a message."""
    message = message_from_bytes(raw, policy=LINE_POLICY)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str) -> str:
    """Return the decoded body of one kind, `plain` or `html`, its lines ended by LF."""
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def header_lines(raw: bytes) -> list[bytes]:
    """Return the raw lines of the top header."""
    return raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
