"""A few connections to one relay, shared by everything that sends through it."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Self

import structlog

from domain.delivery.smtp_reply import SmtpReply
from infra.smtp.connect import ConnectError, open_connection
from infra.smtp.mail import HELD, MailSender, NotSent, Outcome, OutgoingMail, always
from infra.smtp.options import RelayOptions
from infra.smtp.session import SmtpSession
from infra.smtp.transaction import Job

__all__ = ["MailSender", "SmtpSender"]

_MAX_GIVE_BACKS = 1
_DRAIN_S = 30.0
_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class _Tray:
    """The outcomes of one call of `send`, as they come in."""

    __slots__ = ("_outcomes", "_waiter")

    def __init__(self) -> None:
        self._outcomes: deque[Outcome] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def put(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def get(self) -> Outcome:
        while not self._outcomes:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._outcomes.popleft()


class SmtpSender:
    """Sends batches over up to `connections` connections, opened when there is work.

    An async context manager: on exit waiting messages are given back as `NotSent`, those in flight
    may finish. `jitter` yields numbers in 0..1 and spreads reconnections.
    """

    def __init__(
        self, options: RelayOptions, *, jitter: Callable[[], float] = random.random
    ) -> None:
        self._options = options
        self._jitter = jitter
        self._waiting: deque[Job] = deque()
        self._sessions: set[SmtpSession] = set()
        self._openers: set[asyncio.Task[None]] = set()
        self._barren = 0
        self._closing = False
        self._empty = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def send(
        self, batch: Sequence[OutgoingMail], *, may_begin: Callable[[], bool] = always
    ) -> AsyncIterator[Outcome]:
        """Send each message once; yield one outcome for each as it is known, in any order.

        When the caller stops listening, messages not yet begun are dropped unsent; those in flight
        go on, and their outcome is lost: treat them as uncertain.
        """
        tray = _Tray()
        report = tray.put
        self._waiting.extend([Job(mail, report=report, may_begin=may_begin) for mail in batch])
        self._wake()
        listened_to_the_end = False
        try:
            for _ in batch:
                yield await tray.get()
            listened_to_the_end = True
        finally:
            if not listened_to_the_end:
                self._waiting = deque(job for job in self._waiting if job.report != report)

    async def send_all(
        self,
        batch: Sequence[OutgoingMail],
        report: Callable[[Outcome], None],
        *,
        may_begin: Callable[[], bool] = always,
    ) -> None:
        """Send each message once and report each outcome as it comes; return after the last.

        Like `send`, without waking the caller for each. Raises what `report` raised, at once.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        left = len(batch)

        def take(outcome: Outcome) -> None:
            nonlocal left
            left -= 1
            if done.done():
                return
            try:
                report(outcome)
            except Exception as error:  # noqa: BLE001  the caller's, not the connection's
                done.set_exception(error)
            else:
                if not left:
                    done.set_result(None)

        if not batch:
            return
        self._waiting.extend([Job(mail, report=take, may_begin=may_begin) for mail in batch])
        self._wake()
        try:
            await done
        finally:
            if left:
                self._waiting = deque(job for job in self._waiting if job.report is not take)

    async def send_one(
        self, mail: OutgoingMail, *, may_begin: Callable[[], bool] = always
    ) -> Outcome:
        """Send one message and return its outcome."""
        tray = _Tray()
        self._waiting.append(Job(mail, report=tray.put, may_begin=may_begin))
        self._wake()
        return await tray.get()

    async def aclose(self, *, drain_s: float = _DRAIN_S) -> None:
        """Give back what waits, let what is in flight finish within `drain_s`, and disconnect."""
        self._closing = True
        self._fail_waiting("sender_closed")
        openers = list(self._openers)
        for opener in openers:
            opener.cancel()
        await asyncio.gather(*openers, return_exceptions=True)
        for session in list(self._sessions):
            session.stop()
        if self._sessions:
            self._empty.clear()
            try:
                await asyncio.wait_for(self._empty.wait(), timeout=drain_s)
            except TimeoutError:
                for session in list(self._sessions):
                    session.abort("sender_closed")

    # What the sessions call.

    def take(self) -> Job | None:
        """Return the message that has waited longest and may be begun at this moment."""
        while self._waiting:
            job = self._waiting.popleft()
            if job.may_begin():
                return job
            job.report(NotSent(job.mail.message_id, HELD))
        return None

    def give_back(self, job: Job, *, reason: str) -> None:
        """Put a message that a used connection never began in front, but only once."""
        job.give_backs += 1
        if self._closing or job.give_backs > _MAX_GIVE_BACKS:
            job.report(NotSent(job.mail.message_id, reason))
        else:
            self._waiting.appendleft(job)

    def _session_ended(self, session: SmtpSession, reason: str) -> None:
        self._sessions.discard(session)
        if not self._sessions:
            self._empty.set()
        if reason != "quit":
            _log.info("smtp_connection_ended", relay=self._options.host, reason=reason)
        if session.answered or reason == "quit":
            self._barren = 0
        else:
            self._barren += 1
            others_work = any(other.answered for other in self._sessions)
            if self._barren >= self._options.connect_attempts and not others_work:
                self._barren = 0
                self._fail_waiting(reason)
        self._wake()

    # Connections.

    def _wake(self) -> None:
        """Put idle connections to work, and open more while messages wait."""
        if self._closing:
            self._fail_waiting("sender_closed")
            return
        for session in [session for session in self._sessions if session.is_idle]:
            if not self._waiting:
                return
            session.start()
        room = self._options.connections - len(self._sessions) - len(self._openers)
        for _ in range(min(room, len(self._waiting) - len(self._openers))):
            opener = asyncio.create_task(self._open())
            self._openers.add(opener)
            opener.add_done_callback(self._opener_done)

    def _opener_done(self, opener: asyncio.Task[None]) -> None:
        self._openers.discard(opener)
        if not opener.cancelled() and (error := opener.exception()) is not None:
            _log.error("smtp_connector_failed", relay=self._options.host, exc_info=error)
            self._fail_waiting("connect_failed")

    async def _open(self) -> None:
        for attempt in range(1, self._options.connect_attempts + 1):
            if attempt > 1 or self._barren:
                await asyncio.sleep(self._pause_s(max(attempt - 1, self._barren)))
            if not self._waiting:
                return
            try:
                transport, server = await open_connection(self._options)
            except ConnectError as error:
                _log.warning("smtp_connect_failed", relay=self._options.host, reason=str(error))
                if error.lasting or attempt == self._options.connect_attempts:
                    self._give_up(error)
                    return
            else:
                session = SmtpSession(
                    transport,
                    server=server,
                    source=self,
                    options=self._options,
                    on_end=self._session_ended,
                )
                self._sessions.add(session)
                session.start()
                return

    def _pause_s(self, failures: int) -> float:
        full = self._options.reconnect_min_s * 2.0 ** min(failures - 1, 16)
        return min(full, self._options.reconnect_max_s) * (0.5 + self._jitter() / 2)

    def _give_up(self, error: ConnectError) -> None:
        """Return the waiting messages, unless another connection still serves them."""
        if not self._sessions:
            reply = error.reply.redacted() if error.reply else None
            self._fail_waiting(error.reason, reply=reply)

    def _fail_waiting(self, reason: str, *, reply: SmtpReply | None = None) -> None:
        jobs, self._waiting = self._waiting, deque()
        for job in jobs:
            job.report(NotSent(job.mail.message_id, reason, reply))
