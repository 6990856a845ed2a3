"""The SMTP side of the bounce mailbox, on aiosmtpd: only return paths of ours, nothing relayed.

A connection is bounded in time, commands and size; a mailbox in connections, and each network in
messages a minute.
"""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Protocol

from aiosmtpd.smtp import SMTP, Envelope, Session

from commands.http.client import truncated_ip

MAX_MESSAGE_BYTES = 1024 * 1024
MAX_RECIPIENTS = 10
MAX_CONNECTIONS = 100
MAX_PER_MINUTE = 600
IDLE_S = 60
WHOLE_S = 600
READ_S = 20
_MAX_COMMANDS = 500
_MAX_NETWORKS = 4096
_LATER = "451 4.3.0 not taken now, try again later"


class Taking(Protocol):
    """What becomes of a report."""

    def is_ours(self, address: str) -> bool:
        """Tell whether this is a return path that we made, or where feedback loops report."""

    def take(self, recipients: Sequence[str], raw: bytes) -> bool:
        """Record the report; False when it must come again. Raises what the database raises."""


class Doorman:
    """Counts connections, and messages of each network (IPv4 /24, IPv6 /48) a minute."""

    def __init__(self) -> None:
        self.connections = 0
        self._minute = 0
        self._messages: dict[str, int] = {}

    def has_room(self) -> bool:
        """Tell whether one more connection may come in."""
        return self.connections < MAX_CONNECTIONS

    def allows(self, peer: str) -> bool:
        """Count one message; tell whether its network may send it."""
        minute = int(monotonic() // 60)
        if minute != self._minute:
            self._minute, self._messages = minute, {}
        network = truncated_ip(peer) or ""
        count = self._messages.get(network, 0)
        if count >= MAX_PER_MINUTE or len(self._messages) >= _MAX_NETWORKS:
            return False
        self._messages[network] = count + 1
        return True


class BounceSmtp(SMTP):
    """One connection."""

    line_length_limit = 64 * 1024
    doorman: Doorman

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let in while there is room, for ten minutes at most."""
        if not self.doorman.has_room() and isinstance(transport, asyncio.Transport):
            transport.write(b"421 4.3.2 too many connections, try again later\r\n")
            transport.close()
            return
        self.doorman.connections += 1
        asyncio.get_running_loop().call_later(WHOLE_S, transport.abort)  # type: ignore[attr-defined]
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Leave the place to the next."""
        if self.transport is not None:
            self.doorman.connections -= 1
            super().connection_lost(error)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        if arg.lstrip().startswith("<>"):  # the null sender, which the stock parser refuses
            return "<>", arg.lstrip()[2:].strip()
        parsed: tuple[str | None, str | None] = super()._getaddr(arg)
        return parsed


class Mailbox:
    """What the server does with an envelope."""

    def __init__(self, taking: Taking, doorman: Doorman) -> None:
        self._taking = taking
        self._doorman = doorman
        self._readers = asyncio.Semaphore(4)

    async def handle_RCPT(  # noqa: N802  aiosmtpd finds it by name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take return paths of ours alone."""
        del server, session
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        if not self._taking.is_ours(address):
            return "550 5.1.1 no such mailbox here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Answer 250 once what the report says is in the log."""
        del server
        peer = session.peer[0] if isinstance(session.peer, tuple) else ""
        if not self._doorman.allows(peer):
            return "451 4.7.1 too many reports, try again later"
        content = envelope.original_content or b""
        async with self._readers:
            taking = asyncio.to_thread(self._taking.take, list(envelope.rcpt_tos), content)
            try:
                taken = await asyncio.wait_for(taking, READ_S)
            except TimeoutError:
                return _LATER
        return "250 2.0.0 OK" if taken else _LATER

    async def handle_exception(self, error: Exception) -> str:
        """Ask for another try: a fault of ours says nothing about the report."""
        return f"451 4.3.0 local error ({type(error).__name__})"


def mailbox_factory(taking: Taking, *, hostname: str) -> Callable[[], BounceSmtp]:
    """Return what makes a protocol for each connection."""
    doorman = Doorman()
    mailbox = Mailbox(taking, doorman)

    def connection() -> BounceSmtp:
        protocol = BounceSmtp(
            mailbox,
            data_size_limit=MAX_MESSAGE_BYTES,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="bounces",
            timeout=IDLE_S,
            command_call_limit={"*": _MAX_COMMANDS},
        )
        protocol.doorman = doorman
        return protocol

    return connection
