"""Abuse reports (RFC 5965): the person, or the provider for them, calls a mail spam."""

from collections.abc import Iterator
from email.message import Message
from email.parser import HeaderParser

from domain.delivery.bounce_report import Complained, Nothing, Report
from infra.bounces.parts import Parsed, field, parse, parts, text_of

_COMPLAINTS = frozenset({"abuse", "fraud", "virus", "other", "opt-out", "opt-out-list", "dkim"})
_NO_COMPLAINTS = frozenset({"not-spam", "auth-failure"})
_MAX_TYPE = 40
_COPIES = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers"})


def read_complaint(part: Parsed) -> Report:
    """Return the complaint; a type that is not registered is one, as providers invent them."""
    kind = field(fields_of(part), "Feedback-Type").lower()[:_MAX_TYPE]
    if kind in _NO_COMPLAINTS:
        return Nothing.NOT_SPAM
    known = kind in _COMPLAINTS or kind.replace("-", "").isalpha()
    return Complained(kind) if kind and known else Nothing.UNREAD


def return_paths_in(raw: bytes) -> Iterator[str]:
    """Yield what an abuse report says the complained-of mail's envelope sender was.

    Feedback loops report to one mailbox for all mail: the return path, which nobody but us can
    make, is in a field of the report or in the copy of the mail.
    """
    message = parse(raw)
    for part in parts(message) if message is not None else ():
        kind = part.get_content_type()
        if kind == "message/feedback-report":
            yield _bare(field(fields_of(part), "Original-Mail-From"))
        elif kind in _COPIES:
            yield _bare(field(fields_of(part), "Return-Path"))


def fields_of(part: Parsed) -> Parsed:
    """Return the fields in a part's body: some parsers have made a message of it, some text."""
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        return payload[0]
    return HeaderParser().parsestr(text_of(part))


def _bare(address: str) -> str:
    return address.strip().removeprefix("<").partition(">")[0].strip()[:254]
