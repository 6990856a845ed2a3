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
        self._subjects: set[str] = set()
        self._stopped = False
        self._thread: Thread | None = None
        self._pinging: tuple[asyncio.AbstractEventLoop, asyncio.Task[None]] | None = None
        self._connected = False

    def wake(self, subject: str = WAKE) -> None:
        """Say that something was committed; many calls within 5 ms make one ping."""
        self._subjects.add(subject)
        if self._thread is None:
            self._thread = Thread(target=self._run, name="waker", daemon=True)
            self._thread.start()
        self._news.set()

    def close(self) -> None:
        """Stop the thread; the client would look for a NATS that is away for ever."""
        self._stopped = True
        self._news.set()
        if self._thread is None:
            return
        if self._connected:
            self._thread.join(timeout=CLOSE_WITHIN_S)
        if self._thread.is_alive():
            self._cancel()
            self._thread.join(timeout=CLOSE_WITHIN_S)

    def _cancel(self) -> None:
        if self._pinging is not None:
            loop, task = self._pinging
            with contextlib.suppress(RuntimeError):  # it ended meanwhile
                loop.call_soon_threadsafe(task.cancel)

    def _run(self) -> None:
        # The interpreter is going down, or the waker was closed.
        with contextlib.suppress(RuntimeError, asyncio.CancelledError):
            asyncio.run(self._ping())

    async def _ping(self) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._pinging = asyncio.get_running_loop(), task
        client: Client | None = None
        while not self._stopped:
            await asyncio.to_thread(self._news.wait)
            self._news.clear()
            try:
                client = client or await connect(self._url, name="waker")
                self._connected = True
                while self._subjects:
                    await client.publish(self._subjects.pop(), b"")
                await client.flush(timeout=1)
            except (NatsError, OSError, TimeoutError) as error:
                log.debug("wake_not_sent", error=error)
            await asyncio.sleep(COALESCE_S)
        if client is not None:
            await client.close()
