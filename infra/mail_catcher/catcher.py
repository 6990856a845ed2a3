"""Running the mail catcher: SMTP in the event loop, the page in threads, one database file."""

import asyncio
import logging
import signal
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from weakref import WeakSet

from infra.mail_catcher.http import InboxServer
from infra.mail_catcher.smtp import MAX_MESSAGE_BYTES, CatchAll, CatcherSmtp
from infra.mail_catcher.store import MailWriter, open_database

LOOPBACK = "127.0.0.1"
OnReady = Callable[["MailCatcher"], None]


class MailCatcher:
    """An async context manager; port 0 picks a free one, `smtp_port` and `http_port` tell which."""

    def __init__(
        self, *, smtp_port: int, http_port: int, data_dir: Path, host: str = LOOPBACK
    ) -> None:
        self.smtp_port = smtp_port
        self.http_port = http_port
        self._host = host
        self._data_dir = data_dir
        self._database: sqlite3.Connection
        self._smtp: asyncio.Server
        self._http: InboxServer
        self._connections: WeakSet[CatcherSmtp] = WeakSet()

    async def __aenter__(self) -> Self:
        # aiosmtpd logs every command, addresses included.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        self._database = open_database(self._data_dir)
        try:
            handler = CatchAll(MailWriter(self._database))
            self._smtp = await asyncio.get_running_loop().create_server(
                lambda: self._connection(handler), self._host, self.smtp_port
            )
            self._http = self._open_page()
        except OSError:
            await self._close_smtp()
            raise
        self.smtp_port = self._smtp.sockets[0].getsockname()[1]
        self.http_port = int(self._http.server_address[1])
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self._http.shutdown)
        self._http.server_close()
        await self._close_smtp()

    def _open_page(self) -> InboxServer:
        server = InboxServer((self._host, self.http_port), data_dir=self._data_dir)
        threading.Thread(
            target=server.serve_forever, args=(0.1,), name="inbox", daemon=True
        ).start()
        return server

    def _connection(self, handler: CatchAll) -> CatcherSmtp:
        connection = CatcherSmtp(
            handler,
            enable_SMTPUTF8=True,
            data_size_limit=MAX_MESSAGE_BYTES,
            hostname="mail-catcher",
            ident="captures everything",
            loop=asyncio.get_running_loop(),
        )
        self._connections.add(connection)
        return connection

    async def _close_smtp(self) -> None:
        if hasattr(self, "_smtp"):
            self._smtp.close()
            for connection in self._connections:
                if connection.transport is not None:
                    connection.transport.close()
            await self._smtp.wait_closed()
        self._database.close()


def run_mail_catcher(
    *,
    smtp_port: int,
    http_port: int,
    data_dir: Path,
    host: str = LOOPBACK,
    on_ready: OnReady | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; `on_ready` is told the ports once both listen.

    Raises:
        OSError: a port is taken.
    """
    asyncio.run(
        _serve(
            MailCatcher(smtp_port=smtp_port, http_port=http_port, data_dir=data_dir, host=host),
            on_ready=on_ready,
        )
    )


async def _serve(catcher: MailCatcher, *, on_ready: OnReady | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with catcher:
        if on_ready is not None:
            on_ready(catcher)
        await stop.wait()
