"""Where benchmarks send to, and the bare sender they are compared with."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.embedded.ports import free_port

CONNECTIONS = 4
SMTP_SINK = "smtp-sink"  # of Debian's postfix
BACKLOG = "64"
WITHIN_S = 10.0
_ENVELOPE = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"


@contextmanager
def counting_sink(room: Path) -> Iterator[int]:
    """Run the counting sink as a process of its own; yields its port."""
    argv = [sys.executable, "-m", "infra.smtp.counting_sink", "--log", str(room / "accepted.log")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline() if process.stdout else 0)
        finally:
            process.kill()


def has_smtp_sink() -> bool:
    """Whether Debian's sink is here: it does less, in C."""
    return shutil.which(SMTP_SINK) is not None


@contextmanager
def smtp_sink() -> Iterator[int]:
    """Run Debian's sink; yields its port."""
    port = free_port()
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    with subprocess.Popen([SMTP_SINK, *user, f"127.0.0.1:{port}", BACKLOG]) as process:
        try:
            _wait_for(port)
            yield port
        finally:
            process.kill()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise RuntimeError(f"{SMTP_SINK} does not answer")


def message_of(size: int) -> bytes:
    """Return a message of about that many bytes."""
    head = b"From: a@example.com\r\nTo: b@example.com\r\nMessage-ID: <c@example.com>\r\n\r\n"
    line = b"A line of seventy characters stands for a line of a message's body...\r\n"
    return head + line * ((size - len(head)) // len(line))


async def send_bare(port: int, message: bytes, count: int) -> None:
    """Send a constant message `count` times, pipelined, with none of our rules."""
    share = count // CONNECTIONS
    await asyncio.gather(*(_send_on_one(port, message, share) for _ in range(CONNECTIONS)))


async def _send_on_one(port: int, message: bytes, count: int) -> None:
    """Send the same message again and again, its end and the next envelope in one write."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    writer.write(b"EHLO bench\r\n")
    while (await reader.readline())[3:4] == b"-":
        pass
    writer.write(_ENVELOPE)
    await _lines(reader, 3)
    for left in range(count, 0, -1):
        writer.write(message + b".\r\n" + (_ENVELOPE if left > 1 else b"QUIT\r\n"))
        await _lines(reader, 4 if left > 1 else 1)
    writer.close()


async def _lines(reader: asyncio.StreamReader, count: int) -> None:
    for _ in range(count):
        await reader.readline()
