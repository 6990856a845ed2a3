"""What every worker needs: a stop signal, a heartbeat, and backoff when something fails."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from threading import Event

import structlog

log = structlog.get_logger()

BEAT_EVERY_S = 5.0
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0


class Stop:
    """Set by SIGTERM or SIGINT; loops ask it before they begin anything new."""

    def __init__(self) -> None:
        self._event = Event()

    def listen(self) -> "Stop":
        """Install the signal handlers; only in the main thread of a worker process."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._event.set())
        return self

    def set(self) -> None:
        """Ask everybody to stop."""
        self._event.set()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, at most until the stop; tells whether it came."""
        return self._event.wait(seconds)

    async def sleep(self, seconds: float) -> None:
        """Sleep in an event loop, at most a twentieth of a second beyond the stop."""
        deadline = asyncio.get_running_loop().time() + seconds
        # A signal handler sets the event, from outside the loop.
        while not self and (left := deadline - asyncio.get_running_loop().time()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(left, 0.05))


class Backoff:
    """Pauses that double, with jitter, until something succeeds."""

    def __init__(self) -> None:
        self._next = FIRST_PAUSE_S

    def succeeded(self) -> None:
        """Start small again."""
        self._next = FIRST_PAUSE_S

    def pause(self) -> float:
        """Return the next pause in seconds: half fixed, half random."""
        pause = self._next * (0.5 + random.random() / 2)  # noqa: S311 - spreads load, no secret
        self._next = min(self._next * 2, LONGEST_PAUSE_S)
        return pause


def run_steps(name: str, stop: Stop, step: Callable[[], bool], *, idle_s: float) -> None:
    """Call `step` until the stop; it tells whether it did anything, else we pause `idle_s`.

    A failing step is logged and tried again after a growing pause: that is the failure policy
    of workers whose step is one transaction.
    """
    backoff = Backoff()
    while not stop:
        try:
            busy = step()
            backoff.succeeded()
            if not busy:
                stop.wait(idle_s)
        except Exception as error:
            pause = backoff.pause()
            log.exception("worker_step_failed", worker=name, error=error, retry_in_s=pause)
            stop.wait(pause)


async def run_steps_async(
    name: str, stop: Stop, step: Callable[[], Awaitable[bool]], *, idle_s: float
) -> None:
    """Do the same with a coroutine."""
    backoff = Backoff()
    while not stop:
        try:
            busy = await step()
            backoff.succeeded()
            if not busy:
                await stop.sleep(idle_s)
        except Exception as error:
            pause = backoff.pause()
            log.exception("worker_step_failed", worker=name, error=error, retry_in_s=pause)
            await stop.sleep(pause)
