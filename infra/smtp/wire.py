"""The byte side of one SMTP connection: strict replies in, writes out, one deadline over it."""

import asyncio
from collections.abc import Callable

from infra.smtp.reply_parser import ReplyParser, ReplySyntaxError

# More than one envelope can hold: while more than this waits in our own buffer, a final dot that
# was written before the envelope has not left the process.
_UNSENT_MARK_BYTES = 1_024

OnReply = Callable[[int, bytes, bool], None]
OnEnd = Callable[[str, bool], None]
OnDeadline = Callable[[], None]


class Wire(asyncio.Protocol):
    """Takes over a connected transport; tells of each reply, and once of the end.

    `on_reply(code, text, ahead)`: `ahead` means that the server has already written more than
    this reply. `on_end(reason, tail_unsent)`: `tail_unsent` means that the end of the last message
    body provably never left this process.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        *,
        on_reply: OnReply,
        on_end: OnEnd,
        on_deadline: OnDeadline,
        tick_s: float,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._on_reply = on_reply
        self._on_end = on_end
        self._on_deadline = on_deadline
        self._parser = ReplyParser()
        self._backlogged = False
        # Under TLS the mark would count sealed bytes of two layers: no proof is claimed there.
        self._can_prove = transport.get_extra_info("sslcontext") is None
        self._tick_s = tick_s
        self._deadline = float("inf")
        self.has_ended = False
        transport.set_protocol(self)
        transport.set_write_buffer_limits(high=_UNSENT_MARK_BYTES, low=_UNSENT_MARK_BYTES)
        self._ticker = self._loop.call_later(tick_s, self._tick)

    def write(self, data: bytes, *, answer_within_s: float) -> None:
        """Write, and expect the server to be done answering within the given time."""
        self.expect_within(answer_within_s)
        self._transport.write(data)

    def write_more(self, data: bytes) -> None:
        """Write within the deadline that runs already."""
        self._transport.write(data)

    def expect_within(self, seconds: float) -> None:
        """Move the deadline; only a change of stage does so, never a mere byte received."""
        self._deadline = self._loop.time() + seconds

    def end(self, reason: str) -> None:
        """Drop the connection at once and report the end, the first time this is called."""
        if self.has_ended:
            return
        self.has_ended = True
        self._ticker.cancel()
        self._transport.abort()
        self._on_end(reason, self._backlogged and self._can_prove)

    def data_received(self, data: bytes) -> None:
        """Hand over the replies in these bytes, in order."""
        try:
            replies = self._parser.feed(data)
        except ReplySyntaxError:
            self.end("protocol_error")
            return
        last = len(replies) - 1
        for index, (code, text) in enumerate(replies):
            if self.has_ended:
                return
            self._on_reply(code, text, index != last or self._parser.is_mid_reply)

    def eof_received(self) -> bool:
        """Treat a half-closed connection as gone: no reply can follow."""
        self.end("connection_lost")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Report the end if it is news."""
        del exc
        self.end("connection_lost")

    def pause_writing(self) -> None:
        """Note that written bytes have not left the process."""
        self._backlogged = True

    def resume_writing(self) -> None:
        """Note that no more than an envelope is still in our buffer."""
        self._backlogged = False

    def _tick(self) -> None:
        # A fixed, slow beat: a timer a message would cost more than it tells.
        self._ticker = self._loop.call_later(self._tick_s, self._tick)
        if self._loop.time() >= self._deadline:
            self._on_deadline()
