"""A mail server that misbehaves as told: one action for each step of the conversation."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol


class Action(Protocol):
    """What the server does when a step is reached; returns whether the conversation goes on."""

    async def __call__(self, peer: "Peer") -> bool: ...


class Peer:
    """The client's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Close with a RST instead of a FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


def say(*replies: bytes) -> Action:
    """Answer, the last reply for ever."""
    left = list(replies)

    async def act(peer: Peer) -> bool:
        await peer.write((left.pop(0) if len(left) > 1 else left[0]) + b"\r\n")
        return True

    return act


def say_and_close(reply: bytes) -> Action:
    async def act(peer: Peer) -> bool:
        await peer.write(reply + b"\r\n")
        return False

    return act


def raw(data: bytes) -> Action:
    async def act(peer: Peer) -> bool:
        await peer.write(data)
        return True

    return act


def late(reply: bytes, *, after_s: float) -> Action:
    async def act(peer: Peer) -> bool:
        await asyncio.sleep(after_s)
        with contextlib.suppress(ConnectionError):
            await peer.write(reply + b"\r\n")
        return True

    return act


def drip(reply: bytes, *, every_s: float) -> Action:
    """Send one byte at a time."""

    async def act(peer: Peer) -> bool:
        for byte in reply + b"\r\n":
            await peer.write(bytes([byte]))
            await asyncio.sleep(every_s)
        return True

    return act


def flood(line: bytes, *, bytes_at_most: int) -> Action:
    """Send continuation lines without an end."""

    async def act(peer: Peer) -> bool:
        with contextlib.suppress(ConnectionError):
            for _ in range(bytes_at_most // len(line)):
                await peer.write(line)
        return False

    return act


async def silence(peer: Peer) -> bool:
    """Never answer; return when the client has gone."""
    await peer.reader.read()
    return False


async def close(peer: Peer) -> bool:
    del peer
    return False


async def reset(peer: Peer) -> bool:
    peer.reset()
    return False


EHLO_REPLY = b"250-faulty\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 1000000"
PLAIN_EHLO_REPLY = b"250-faulty\r\n250 SIZE 1000000"


@dataclass
class Script:
    """One action for each step; the defaults are those of a good server."""

    banner: Action = field(default_factory=lambda: say(b"220 faulty ESMTP"))
    ehlo: Action = field(default_factory=lambda: say(EHLO_REPLY))
    helo: Action = field(default_factory=lambda: say(b"250 faulty"))
    starttls: Action = field(default_factory=lambda: say(b"502 5.5.1 not here"))
    auth: Action = field(default_factory=lambda: say(b"235 2.7.0 welcome"))
    mail: Action = field(default_factory=lambda: say(b"250 2.1.0 OK"))
    rcpt: Action = field(default_factory=lambda: say(b"250 2.1.5 OK"))
    data: Action = field(default_factory=lambda: say(b"354 go ahead"))
    dot: Action = field(default_factory=lambda: say(b"250 2.0.0 taken"))
    rset: Action = field(default_factory=lambda: say(b"250 2.0.0 OK"))
    break_after_body_bytes: int | None = None
    """Reset the connection after so many bytes of the body."""
    tls: ssl.SSLContext | None = None
    """Upgrade after a 220 to STARTTLS."""


class FaultySmtp:
    """The running server, and all it heard."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.port = 0
        self.connections = 0
        self.commands: list[str] = []
        self.sessions: list[list[str]] = []
        """The commands of each connection."""
        self.bodies: list[bytes] = []

    def heard(self, verb: str) -> list[str]:
        """The commands that began with this verb."""
        return [command for command in self.commands if command.upper().startswith(verb)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        heard: list[str] = []
        self.sessions.append(heard)
        peer = Peer(reader, writer)
        try:
            if await self._script.banner(peer):
                await self._converse(peer, heard)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _converse(self, peer: Peer, heard: list[str]) -> None:
        while True:
            line = await peer.reader.readuntil(b"\r\n")
            command = line[:-2].decode("utf-8", "replace")
            self.commands.append(command)
            heard.append(command)
            verb = command[:4].upper()
            if verb == "QUIT":
                await peer.write(b"221 2.0.0 bye\r\n")
                return
            actions = {
                "EHLO": self._script.ehlo,
                "HELO": self._script.helo,
                "STAR": self._script.starttls,
                "AUTH": self._script.auth,
                "MAIL": self._script.mail,
                "RCPT": self._script.rcpt,
                "RSET": self._script.rset,
            }
            if verb == "DATA":
                if not await self._take_data(peer):
                    return
            elif not await actions.get(verb, say(b"500 5.5.2 what"))(peer):
                return
            if verb == "STAR" and self._script.tls is not None:
                await peer.writer.start_tls(self._script.tls)

    async def _take_data(self, peer: Peer) -> bool:
        counting = _CountingPeer(peer)
        if not await self._script.data(counting):
            return False
        if not counting.last.startswith(b"354"):
            return True
        body = b"\r\n"
        while not body.endswith(b"\r\n.\r\n"):
            part = await peer.reader.read(1) if self._script.break_after_body_bytes else b""
            body += part or await peer.reader.readuntil(b"\n")
            if (
                self._script.break_after_body_bytes
                and len(body) > self._script.break_after_body_bytes
            ):
                peer.reset()
                return False
        self.bodies.append(body[2:])
        return await self._script.dot(peer)


class _CountingPeer(Peer):
    """Remembers what was written last."""

    def __init__(self, peer: Peer) -> None:
        super().__init__(peer.reader, peer.writer)
        self.last = b""

    async def write(self, data: bytes) -> None:
        self.last = data
        await super().write(data)


@contextlib.asynccontextmanager
async def faulty_smtp(script: Script) -> AsyncIterator[FaultySmtp]:
    """Run a scripted server on a free port of loopback until the block ends."""
    faulty = FaultySmtp(script)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(faulty.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    faulty.port = server.sockets[0].getsockname()[1]
    try:
        yield faulty
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
