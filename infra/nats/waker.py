"""Tell followers of the log that there is news: a ping after the commit, never inside it."""

import asyncio
import contextlib
from threading import Event, Thread

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError

from infra.nats.connection import connect
from schemas.messages import WAKE

log = structlog.get_logger()

COALESCE_S = 0.005
CLOSE_WITHIN_S = 0.2  # a ping that is not out by then is only a poll away


class Waker:
    """A thread with a NATS connection of its own; `wake` is cheap and never fails.

    When NATS is away nothing is lost: followers poll at least four times a second.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._news = Event()
        self._stopped = False
        self._thread: Thread | None = None

    def wake(self) -> None:
        """Say that something was committed; many calls within 5 ms make one ping."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name="waker", daemon=True)
            self._thread.start()
        self._news.set()

    def close(self) -> None:
        """Stop the thread."""
        self._stopped = True
        self._news.set()
        if self._thread is not None:
            self._thread.join(timeout=CLOSE_WITHIN_S)

    def _run(self) -> None:
        with contextlib.suppress(RuntimeError):  # the interpreter is going down
            asyncio.run(self._ping())

    async def _ping(self) -> None:
        client: Client | None = None
        while not self._stopped:
            await asyncio.to_thread(self._news.wait)
            self._news.clear()
            try:
                client = client or await connect(self._url, name="waker")
                await client.publish(WAKE, b"")
                await client.flush(timeout=1)
            except (NatsError, OSError, TimeoutError) as error:
                log.debug("wake_not_sent", error=error)
            await asyncio.sleep(COALESCE_S)
        if client is not None:
            await client.close()
