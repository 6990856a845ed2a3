"""What a message to a return path says: an outcome, or why it holds none."""

from domain.delivery.bounce_report import Nothing, Report
from infra.bounces.complaint import read_complaint
from infra.bounces.parts import Parsed, parse, parts, text_of
from infra.bounces.status_report import read_status
from infra.bounces.text_report import is_auto_reply, read_text, what_is_said

_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_COMPLAINT = "message/feedback-report"


def read_report(raw: bytes) -> Report:
    """Return what the message says. Never raises; what cannot be read is `Nothing.UNREAD`.

    Identity is not read here: only the return path that the message came to has it.
    """
    try:
        message = parse(raw)
        return Nothing.UNREAD if message is None else _read(message)
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError, AssertionError):
        return Nothing.UNREAD  # the parser of the standard library at its limits


def _read(message: Parsed) -> Report:
    text = ""
    for part in parts(message):
        kind = part.get_content_type()
        if kind in _STATUS:
            return read_status(part, said=what_is_said(text))
        if kind == _COMPLAINT:
            return read_complaint(part)
        if kind == "text/plain" and not text:
            text = text_of(part)
    return Nothing.AUTO_REPLY if is_auto_reply(message) else read_text(message, text)
