"""The fields of a delivery status notification (RFC 3464): what became of the one recipient."""

from collections.abc import Iterator, Mapping
from email.message import Message
from email.parser import HeaderParser

from domain.delivery.bounce_class import classify, reply_code, telling_status
from domain.delivery.bounce_report import Bounced, Delivered, Nothing, Report
from domain.delivery.smtp_reply import parse_reply
from infra.bounces.parts import MAX_PARTS, Parsed, field

ARRIVED = ("delivered", "relayed", "expanded")
_BY_CLASS = {"5": "failed", "4": "delayed", "2": "delivered"}
_RANK = {"failed": 0, "delivered": 1, "relayed": 1, "expanded": 1, "delayed": 2}
_MAX_REPLY = 500
_FIELDS = HeaderParser()


def read_status(part: Parsed, *, said: str = "") -> Report:
    """Return what the report says; `said` is its text for people, for reports that say little."""
    recipients = sorted(_recipients(part), key=lambda fields: _RANK[fields["action"]])
    if not recipients:
        return Nothing.UNREAD
    fields = recipients[0]
    if fields["action"] in ARRIVED:
        return Delivered(fields["action"])
    if fields["action"] == "delayed":
        return Nothing.DELAYED
    diagnostic = fields["diagnostic"]
    text = diagnostic if _says_something(fields) else f"{diagnostic} {said}"
    return bounced(fields["status"], text)


def bounced(status: str, text: str) -> Bounced:
    """Return a failure in our words; of the text one redacted line is kept."""
    told = telling_status(status, text)
    code = reply_code(text)
    return Bounced(
        bounce_class=classify(status, text),
        status=".".join(map(str, told)) if told else "",
        code=code,
        reply=parse_reply(0, text).redacted().text[:_MAX_REPLY],
    )


def _recipients(part: Parsed) -> Iterator[Mapping[str, str]]:
    for block in filter(_is_recipient, _blocks(part)):
        status = field(block, "Status")
        action = field(block, "Action").lower().split("(")[0].strip()
        if action not in _RANK:
            action = _BY_CLASS.get(status[:1], "")
        if action:
            diagnostic = field(block, "Diagnostic-Code").partition(";")
            yield {
                "action": action,
                "status": status,
                "diagnostic": (diagnostic[2] or diagnostic[0]).strip(),
            }


def _blocks(part: Parsed) -> Iterator[Parsed]:
    """Yield the blocks of fields; the parser knows them only where the type is RFC 3464's own."""
    payload = part.get_payload()
    children = payload[:MAX_PARTS] if isinstance(payload, list) else ()
    for child in children:
        if isinstance(child, Message):
            yield child
            rest = child.get_payload()
            if isinstance(rest, str):
                yield from map(_FIELDS.parsestr, rest.split("\n\n", MAX_PARTS)[:MAX_PARTS])


def _is_recipient(block: Parsed) -> bool:
    return any(block.get(name) is not None for name in ("Action", "Status", "Final-Recipient"))


def _says_something(fields: Mapping[str, str]) -> bool:
    return bool(telling_status(fields["status"], fields["diagnostic"])) or (
        len(fields["diagnostic"].split()) > 2  # noqa: PLR2004 - a code and a word are no sentence
    )
