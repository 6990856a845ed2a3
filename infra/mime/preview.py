"""What one recipient would see of a template, without tracking: subject, HTML and text."""

from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from domain.content.compile import compile_content
from domain.content.escaping import html_text
from domain.content.slots import LinkSlot, Part, PixelSlot, UnsubscribeSlot
from domain.content.snapshot import Snapshot
from infra.clock import now
from infra.mime import headers
from infra.mime.recipient import Recipient
from infra.mime.values import value_reader

NO_MESSAGE = UUID(int=0)


class Seen(msgspec.Struct, frozen=True):
    """The parts of one mail as text, and what the author should know."""

    subject: str
    html: str
    text: str
    warnings: tuple[str, ...]


class PreviewRenderer:
    """The port `commands.content.ports.Renderer`."""

    def __init__(self, public_url: str) -> None:
        self._unsubscribe_url = f"{public_url.rstrip('/')}/u/preview"

    def render(self, snapshot: Snapshot, values: Mapping[str, str]) -> Seen:
        """See the port."""
        plain = msgspec.structs.replace(snapshot, track_opens=False, track_clicks=False)
        content = compile_content(plain)
        recipient = Recipient(
            email=values.get("email", ""),
            fields=dict(values),
            message_id=NO_MESSAGE,
            sent_at=now(),
            unsubscribe_url=self._unsubscribe_url,
        )
        return Seen(
            headers.merged(_filled(content.subject, recipient)),
            _filled(content.html, recipient),
            _filled(content.text, recipient),
            content.warnings,
        )


def _filled(parts: Iterable[Part], recipient: Recipient) -> str:
    return "".join([_text(part, recipient) for part in parts])


def _text(part: Part, recipient: Recipient) -> str:
    match part:
        case str():
            return part
        case UnsubscribeSlot(html=html):
            url = recipient.unsubscribe_url
            return html_text(url) if html else url
        case LinkSlot() | PixelSlot():  # nothing is tracked
            return ""
        case _:
            return value_reader(part)(recipient)
