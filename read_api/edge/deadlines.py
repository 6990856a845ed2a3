"""How long a request may take: to send its body, and to be answered."""

import asyncio
from collections.abc import Callable

from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Scope, Send

from read_api.edge.refusals import RefusalError

BODY_S = 20.0
BYTES_PER_S = 4096  # slower is no upload but a held connection
ANSWER_S = 30.0


class Deadlines:
    """Ends what takes too long: 408 for a body that trickles, 503 for an answer that does not come.

    Time for the answer counts from the end of the body, so that a large upload has its own. What
    streams, once it has begun, may last.
    """

    def __init__(self, app: ASGIApp, *, body_s: float = BODY_S, answer_s: float = ANSWER_S) -> None:
        self._app = app
        self._body_s = body_s
        self._answer_s = answer_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request. Raises RefusalError when time is over and nothing was sent."""
        clock = asyncio.get_running_loop().time
        timeout = asyncio.timeout(self._body_s + self._answer_s)
        body = _Body(receive, clock=clock, within_s=self._body_s)

        async def receive_timed() -> ReceiveMessage:
            message = await body.receive()
            timeout.reschedule(clock() + self._answer_s)
            return message

        async def send_timed(message: Message) -> None:
            timeout.reschedule(None)
            await send(message)

        try:
            async with timeout:
                await self._app(scope, receive_timed, send_timed)
        except TimeoutError:
            if not timeout.expired():
                raise
            raise RefusalError(
                "unavailable",
                "this took too long and was given up; it may have been done: look, or ask again "
                "with the same Idempotency-Key",
                headers={"retry-after": "5"},
            ) from None


class _Body:
    def __init__(self, receive: Receive, *, clock: Callable[[], float], within_s: float) -> None:
        self._receive = receive
        self._clock = clock
        self._until = clock() + within_s
        self._whole = False

    async def receive(self) -> ReceiveMessage:
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise RefusalError(
                "request_timeout",
                "the body came too slowly and was not taken; send it again",
                headers={"connection": "close"},
            ) from None
        if message["type"] == "http.request":
            self._until += len(message.get("body", b"")) / BYTES_PER_S
            self._whole = not message.get("more_body", False)
        return message
