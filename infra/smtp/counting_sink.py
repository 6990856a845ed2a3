"""A fast SMTP server that accepts everything and writes down what: for benchmarks and kill tests.

`python -m infra.smtp.counting_sink --port 0 --log FILE` prints its port and runs until killed.
Each accepted message is a line `Message-ID TAB recipient` in the log, written before its 250, so
every message a sender was told about is in the file even if either side is then killed.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

_END_OF_DATA = b"\r\n.\r\n"
_GREETING = b"220 sink ESMTP\r\n"
_OK = b"250 2.0.0 OK\r\n"
_GO_AHEAD = b"354 go ahead\r\n"
_EXTENSIONS = (b"PIPELINING", b"8BITMIME", b"SMTPUTF8", b"SIZE 52428800", b"ENHANCEDSTATUSCODES")

Record = Callable[[bytes], None]


class CountingSink(asyncio.Protocol):
    """The server side of one connection."""

    def __init__(self, *, record: Record, pipelining: bool = True) -> None:
        extensions = _EXTENSIONS if pipelining else _EXTENSIONS[1:]
        lines = [b"250-sink", *(b"250-" + name for name in extensions[:-1])]
        self._hello = b"\r\n".join([*lines, b"250 " + extensions[-1], b""])
        self._record = record
        self._received = bytearray()
        self._in_body = False
        self._searched = 0
        self._recipient = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  TCP only
        self._transport = transport
        transport.write(_GREETING)

    def data_received(self, data: bytes) -> None:
        """Answer every command and message that is complete, in one write."""
        self._received += data
        answers: list[bytes] = []
        accepted: list[bytes] = []
        while (answer := self._next_answer(accepted)) is not None:
            answers.append(answer)
        if accepted:
            self._record(b"".join(accepted))
        if answers:
            self._transport.write(b"".join(answers))
            if answers[-1].startswith(b"221"):
                self._transport.close()

    def _next_answer(self, accepted: list[bytes]) -> bytes | None:
        return self._take_body(accepted) if self._in_body else self._take_command()

    def _take_command(self) -> bytes | None:
        end = self._received.find(b"\r\n")
        if end < 0:
            return None
        line = bytes(self._received[:end])
        verb = line[:4].upper()
        self._in_body = verb == b"DATA"
        if self._in_body:
            # The CRLF of DATA stays, so that an empty body ends like any other.
            del self._received[:end]
            self._searched = 0
            return _GO_AHEAD
        del self._received[: end + 2]
        if verb == b"RCPT":
            self._recipient = line[line.find(b"<") + 1 : line.rfind(b">")]
        return {b"EHLO": self._hello, b"QUIT": b"221 2.0.0 bye\r\n"}.get(verb, _OK)

    def _take_body(self, accepted: list[bytes]) -> bytes | None:
        end = self._received.find(_END_OF_DATA, self._searched)
        if end < 0:
            self._searched = max(len(self._received) - len(_END_OF_DATA), 0)
            return None
        accepted.append(_message_id(self._received, end) + b"\t" + self._recipient + b"\n")
        del self._received[: end + len(_END_OF_DATA)]
        self._in_body = False
        return _OK


def _message_id(message: bytearray, end: int) -> bytes:
    start = message.find(b"\r\nMessage-ID:", 0, end)
    if start < 0:
        start = bytes(message[:end]).lower().find(b"\r\nmessage-id:")
        if start < 0:
            return b"-"
    line_end = message.find(b"\r\n", start + 2, end + 2)
    # A folded header holds its value on the next line.
    if bytes(message[line_end + 2 : line_end + 3]) in {b" ", b"\t"}:
        line_end = message.find(b"\r\n", line_end + 2, end + 2)
    value = bytes(message[start + len(b"\r\nMessage-ID:") : line_end])
    return value.replace(b"\r\n", b"").strip() or b"-"


async def serve(*, port: int, record: Record, pipelining: bool = True) -> asyncio.Server:
    """Listen on loopback; the port is `server.sockets[0].getsockname()[1]`."""
    return await asyncio.get_running_loop().create_server(
        lambda: CountingSink(record=record, pipelining=pipelining), "127.0.0.1", port
    )


async def _run(*, port: int, log: Path, pipelining: bool) -> None:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    server = await serve(
        port=port, record=lambda lines: _write_all(file, lines), pipelining=pipelining
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def _write_all(file: int, lines: bytes) -> None:
    while lines:
        lines = lines[os.write(file, lines) :]


def main() -> None:
    """Run as a process of its own."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--no-pipelining", action="store_true")
    options = parser.parse_args()
    try:
        asyncio.run(_run(port=options.port, log=options.log, pipelining=not options.no_pipelining))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
