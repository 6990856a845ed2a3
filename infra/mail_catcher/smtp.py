"""The SMTP side on aiosmtpd, with its three slow steps replaced.

Stock aiosmtpd reads a body line by line, parses addresses with the header parser and reports its
own faults as permanent; here a body is read in large parts, plain addresses by one expression,
and a fault of ours is a 451. Its reader takes commands strictly in order from one buffer, so
PIPELINING may be offered; the tests prove it with a body and the next envelope in one write.
"""

import asyncio
import contextlib
import re
import sqlite3
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.mail_catcher import rules
from infra.mail_catcher.store import MailWriter

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
_READ_LIMIT_BYTES = 1024 * 1024

_PLAIN_ADDRESS = re.compile(r"<([^\s<>@\"(),:;\\]+@[^\s<>@\"(),:;\\]+)>(?: +(.*))?")
_HEADER = re.compile(
    rb"^(message-id|subject):[ \t]*([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", re.IGNORECASE | re.MULTILINE
)
_NO_MORE = "552 5.3.4 message too large"


class CatcherSmtp(SMTP):
    """One connection."""

    line_length_limit = _READ_LIMIT_BYTES

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        found = _PLAIN_ADDRESS.fullmatch(arg)
        if found is not None:
            return found[1], found[2] or ""
        if arg.startswith("<>"):
            # The null sender of bounces; the stock parser refuses it.
            return "<>", arg[2:].strip()
        parsed: tuple[str | None, str | None] = super()._getaddr(arg)
        return parsed

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802  aiosmtpd finds it by name
        """Take one message and answer when it is stored."""
        if await self.check_helo_needed():
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        content = await self._read_body()
        if content is None:
            status = _NO_MORE
        else:
            envelope.content = envelope.original_content = content
            status = await self._call_handler_hook("DATA")
        self._set_rset_state()  # type: ignore[no-untyped-call]  # of aiosmtpd
        await self.push(status)

    async def _read_body(self) -> bytes | None:
        """Return the body with its doubled dots undone, or None when it was too large."""
        # The CRLF that ended DATA, so that a body of a lone dot ends like any other.
        body = bytearray(b"\r\n")
        is_too_large = False
        while True:
            try:
                body += await self._reader.readuntil(b".\r\n")
            except asyncio.LimitOverrunError as overrun:
                body += await self._reader.readexactly(overrun.consumed)
            if body.endswith(b"\r\n.\r\n"):
                break
            if len(body) > MAX_MESSAGE_BYTES:
                is_too_large = True
                del body[:-5]
        if is_too_large:
            return None
        return bytes(body[:-3]).replace(b"\r\n.", b"\r\n")[2:]


class CatchAll:
    """What the server does with an envelope: refuse by rule, or keep."""

    def __init__(self, writer: MailWriter) -> None:
        self._writer = writer

    async def handle_EHLO(  # noqa: N802
        self,
        server: CatcherSmtp,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """Offer pipelining."""
        del server, envelope
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]]

    async def handle_RCPT(  # noqa: N802
        self,
        server: CatcherSmtp,
        session: Session,
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],
    ) -> str:
        """Refuse who is said to be gone."""
        del server, session
        refusal = rules.refusal_of(address)
        if refusal is not None:
            await self._writer.add_refusal(rcpt_to=address, reply=refusal)
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, server: CatcherSmtp, session: Session, envelope: Envelope
    ) -> str:
        """Keep the message, after putting it off once for a slow recipient."""
        del server, session
        raw = envelope.original_content or b""
        message_id, subject = headers_of(raw)
        for rcpt_to in filter(rules.is_slow, envelope.rcpt_tos):
            if await self._writer.is_first_try(f"{rcpt_to.lower()} {message_id}"):
                await self._writer.add_refusal(rcpt_to=rcpt_to, reply=rules.TRY_LATER)
                return rules.TRY_LATER
        await self._writer.add_message(
            mail_from=(envelope.mail_from or "").strip("<>"),
            recipients=envelope.rcpt_tos,
            message_id=message_id,
            subject=subject,
            raw=raw,
        )
        return "250 2.0.0 OK: stored"

    async def handle_exception(self, error: Exception) -> str:
        """Ask for another try: a fault of the catcher says nothing about the message."""
        kind = "storage" if isinstance(error, sqlite3.Error) else type(error).__name__
        return f"451 4.3.0 local error ({kind})"


def headers_of(raw: bytes) -> tuple[str, str]:
    """Return Message-ID and decoded Subject; empty where there is none."""
    end = raw.find(b"\r\n\r\n")
    head = raw[: end + 2] if end >= 0 else raw
    found: dict[bytes, str] = {}
    for header in _HEADER.finditer(head):
        value = header[2].replace(b"\r\n", b"").decode("utf-8", "replace").strip()
        found.setdefault(header[1].lower(), value)
    subject = found.get(b"subject", "")
    if "=?" in subject:
        # What cannot be decoded is shown as it came.
        with contextlib.suppress(HeaderParseError, LookupError, ValueError):
            subject = str(make_header(decode_header(subject)))
    return found.get(b"message-id", ""), subject
