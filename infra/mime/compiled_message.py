"""A campaign's message, compiled once; `render` fills in one recipient and gives the bytes."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256

import msgspec

from domain.content.compile import CompiledContent, compile_content
from domain.content.slots import Part
from domain.content.snapshot import Snapshot
from infra.dkim.relaxed import fields_of, relaxed_field
from infra.dkim.signer import Signer
from infra.mime import headers
from infra.mime.layout import Layout
from infra.mime.recipient import Recipient
from infra.mime.values import ValueReader, value_reader

_PART_HEADERS = (
    b'Content-Type: text/%s; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
)
_OWN_FIELDS = ("To", "Subject", "Date", "Message-ID", "List-Unsubscribe")
"""What differs from one mail to the next, in this order."""


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends, in names that machines read: all ASCII.

    `domain` ends the Message-ID. `list_id` is the List-ID without its brackets (RFC 2919), a name
    below a domain of the sender. `feedback_id` is Gmail's `campaign:customer:type:sender`.
    """

    domain: str
    list_id: str
    feedback_id: str


class CompiledMessage:
    """A message with gaps. May be shared by threads; `links[n]` is where link n leads."""

    def __init__(self, snapshot: Snapshot, sending: Sending) -> None:
        content = compile_content(snapshot)
        self.links = content.links
        self.warnings = content.warnings
        self.needs_smtputf8 = not (snapshot.from_email + snapshot.reply_to).isascii()
        self._message_id_end = headers.token("@", f"{sending.domain}>").removeprefix(b"@: ")
        self._subject = _subject_writer(content.subject)
        boundary = f"=_{snapshot.digest()[:32]}".encode()  # never in quoted-printable
        self._fixed_fields = _fixed_fields(snapshot, sending, boundary)
        fixed = fields_of(self._fixed_fields)
        self._relaxed_fields = b"".join([relaxed_field(field) for field in fixed])
        self.field_names = (*_OWN_FIELDS, *(name_of(field) for field in fixed))
        self._layout = _layout(content, boundary)
        self._date = (datetime.fromtimestamp(0, UTC), b"")

    def render(self, recipient: Recipient, signer: Signer | None = None) -> bytes:
        """Return the whole RFC 5322 message: CRLF, 7-bit unless the address itself is not.

        A signer for `field_names` signs these very bytes: nothing changes them afterwards.
        Body lines have at most 76 characters, header lines at most 998. Raises UnsafeHeaderError
        for an address or unsubscribe URL that cannot stand in a header, and IndexError for too few
        link URLs; a merge value never makes it fail.
        """
        name = headers.merged(recipient.display_name)
        head = [
            headers.mailbox("To", name, recipient.email),
            self._subject(recipient),
            self._date_field(recipient.sent_at),
            b"Message-ID: <%s@" % recipient.message_id.hex.encode() + self._message_id_end,
            headers.token("List-Unsubscribe", f"<{recipient.unsubscribe_url}>"),
        ]
        body = self._layout.fill(recipient)
        signatures = []
        if signer is not None:
            signed = b"".join([relaxed_field(field) for field in head]) + self._relaxed_fields
            body_hash = sha256(self._layout.relaxed(body)).digest()
            signatures = [signer.sign(signed, body_hash, at_s=int(recipient.sent_at.timestamp()))]
        return b"".join([*signatures, *head, self._fixed_fields, b"\r\n", *body])

    def _date_field(self, sent_at: datetime) -> bytes:
        second = sent_at.replace(microsecond=0)
        cached, field = self._date
        if cached != second:
            field = f"Date: {format_datetime(second)}\r\n".encode()
            self._date = (second, field)
        return field


def compile_message(snapshot: Snapshot, sending: Sending) -> CompiledMessage:
    """Compile a snapshot for sending.

    Raises the errors of `compile_content`, and UnsafeHeaderError for a subject, sender or reply
    address that cannot stand in a header.
    """
    return CompiledMessage(snapshot, sending)


def _subject_writer(parts: Sequence[Part]) -> Callable[[Recipient], bytes]:
    fixed = "".join(part for part in parts if isinstance(part, str))
    headers.checked("the subject", fixed)
    readers: list[str | ValueReader] = [
        part if isinstance(part, str) else value_reader(part) for part in parts
    ]
    if all(isinstance(part, str) for part in parts):
        field = headers.unstructured("Subject", headers.merged(fixed))
        return lambda _: field

    def write(recipient: Recipient) -> bytes:
        text = "".join([item if isinstance(item, str) else item(recipient) for item in readers])
        return headers.unstructured("Subject", headers.merged(text))

    return write


def _layout(content: CompiledContent, boundary: bytes) -> Layout:
    opening = b"--" + boundary + b"\r\n"
    layout = Layout(len(content.links))
    layout.add_bytes(opening + _PART_HEADERS % b"plain")
    layout.add_parts(content.text)
    layout.add_bytes(b"\r\n" + opening + _PART_HEADERS % b"html")
    layout.add_parts(content.html)
    layout.add_bytes(b"\r\n--" + boundary + b"--\r\n")
    layout.finish()
    return layout


def _fixed_fields(snapshot: Snapshot, sending: Sending, boundary: bytes) -> bytes:
    name = headers.checked("the sender's name", snapshot.from_name)
    fields = [headers.mailbox("From", name, snapshot.from_email)]
    if snapshot.reply_to:
        fields.append(headers.mailbox("Reply-To", "", snapshot.reply_to))
    fields += [
        headers.token("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        headers.token("List-ID", f"<{sending.list_id}>"),
        headers.token("Feedback-ID", sending.feedback_id),
        b"MIME-Version: 1.0\r\n",
        b'Content-Type: multipart/alternative;\r\n boundary="' + boundary + b'"\r\n',
    ]
    return b"".join(fields)


def name_of(field: bytes) -> str:
    """Return the name of a header field."""
    return field.partition(b":")[0].decode("ascii")
