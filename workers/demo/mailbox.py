"""Read the captured mails as a mail client would: parse the MIME, look at the HTML part."""

import email
import email.parser
import email.policy
from base64 import b64decode
from collections.abc import Iterator
from email.message import EmailMessage
from html.parser import HTMLParser

import msgspec

from workers.demo.web import Web

PAGE = 200


class Mail(msgspec.Struct, frozen=True):
    """One mail as it lies in the mailbox."""

    recipient: str
    message_id: str
    raw: bytes


class OpenedMail(msgspec.Struct, frozen=True):
    """What a person and a mail client see of an opened mail."""

    recipient: str
    pixel_url: str
    links: list[str]
    unsubscribe_url: str  # of the List-Unsubscribe header
    one_click: bool  # List-Unsubscribe-Post is there


def empty_mailbox(catcher: Web) -> None:
    """Forget what was caught before."""
    catcher.request("DELETE", "/api/messages")


def read_mailbox(catcher: Web, *, after: int = 0) -> Iterator[tuple[int, Mail]]:
    """Yield (catcher's id, mail) of everything accepted above `after`, in order."""
    headers = email.parser.BytesHeaderParser()
    while True:
        page = catcher.get(f"/api/messages?after={after}&limit={PAGE}&raw=1")
        for message in page["messages"]:
            after = message["id"]
            raw = b64decode(message["raw_base64"])
            message_id = str(headers.parsebytes(raw)["Message-ID"])
            yield after, Mail(message["rcpt_to"], message_id, raw)
        if len(page["messages"]) < PAGE:
            return


def open_mail(mail: Mail) -> OpenedMail:
    """Parse one mail as a mail client does."""
    message = email.message_from_bytes(mail.raw, _class=EmailMessage, policy=email.policy.SMTP)
    html = message.get_body(("html",))
    page = _Page()
    if html is not None:
        page.feed(html.get_content())
    return OpenedMail(
        recipient=mail.recipient,
        pixel_url=next((source for source in page.images if "/t/o/" in source), ""),
        links=[link for link in page.links if "/t/c/" in link],
        unsubscribe_url=str(message["List-Unsubscribe"] or "").strip("<> \r\n"),
        one_click=message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click",
    )


class _Page(HTMLParser):
    """Collects what a mail client fetches and what a person can follow."""

    def __init__(self) -> None:
        super().__init__()
        self.images: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "img":
            self.images.append(values.get("src") or "")
        elif tag == "a":
            self.links.append(values.get("href") or "")
