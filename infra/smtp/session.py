"""One connection to a relay: a state machine that keeps it busy and never guesses.

Pipelining follows RFC 2920 3.1: MAIL, RCPT and DATA travel in one write; a message body may open
a group, so the next envelope rides behind the body of the message before it, and DATA closes the
group. One recipient a transaction, so no reply can be shared between people.
"""

import asyncio
import functools
from collections import deque
from collections.abc import Callable
from time import monotonic

from domain.delivery.smtp_reply import Phase, SmtpReply, parse_reply
from infra.smtp.connect import Capabilities
from infra.smtp.mail import Accepted, NotSent, Refused, Uncertain
from infra.smtp.options import RelayOptions
from infra.smtp.precheck import refusal_before_the_wire
from infra.smtp.transaction import (
    END_OF_DATA,
    PHASE_OF,
    JobSource,
    Step,
    Transaction,
    envelope,
    wire_body,
)
from infra.smtp.wire import Wire

_QUIT_WAIT_S = 2.0
_CLOSING = 421
_GO_AHEAD = 354
_POSITIVE = 2


class SmtpSession:
    """Sends what its source yields until told to stop, the server leaves, or a reply is wrong.

    Exactly one outcome is reported for each message taken, or the message is given back. Any
    reply that does not fit the question closes the connection.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        *,
        server: Capabilities,
        source: JobSource,
        options: RelayOptions,
        on_end: Callable[["SmtpSession", str], None],
    ) -> None:
        self._server = server
        self._source = source
        self._options = options
        self._on_end = on_end
        self._expected: deque[tuple[Step, Transaction | None]] = deque()
        self._unwritten: deque[tuple[Step, Transaction | None, bytes]] = deque()
        self._taken = 0
        self._born = monotonic()
        self._stopping = False
        shortest = min(options.idle_s, options.command_timeout_s, options.final_dot_timeout_s)
        self.answered = 0
        """Messages this connection got a verdict for."""
        self._wire = Wire(
            transport,
            on_reply=self._on_reply,
            on_end=self._on_wire_end,
            on_deadline=self._on_deadline,
            tick_s=min(max(shortest / 8, 0.005), 1.0),
        )
        self._wire.expect_within(options.idle_s)

    @property
    def _is_worn(self) -> bool:
        """Whether the connection has served its share, or its time."""
        if self._taken >= self._options.max_messages_per_connection:
            return True
        return self._taken > 0 and monotonic() - self._born >= self._options.max_age_s

    @property
    def is_idle(self) -> bool:
        """Whether the session waits for work rather than for the server."""
        return not self._expected and not self._wire.has_ended

    def start(self) -> None:
        """Begin the next message, if there is one and the connection is free."""
        if not self.is_idle:
            return
        following = self._take()
        if following is not None:
            self._begin(following)
        elif self._stopping:
            self._ask([(Step.QUIT, None, b"QUIT\r\n")], within_s=_QUIT_WAIT_S)
        else:
            self._wire.expect_within(self._options.idle_s)

    def stop(self) -> None:
        """Take nothing more; leave politely once the message in flight has its outcome."""
        self._stopping = True
        self.start()

    def abort(self, reason: str) -> None:
        """Leave at once; what is in flight gets its outcome now."""
        self._wire.end(reason)

    # Replies.

    def _on_reply(self, code: int, text: bytes, ahead: bool) -> None:  # noqa: FBT001  a callback
        if not self._expected:
            self._wire.end("closed_by_server" if code == _CLOSING else "protocol_error")
            return
        step, transaction = self._expected[0]
        if not step.admits(code) or (code == _GO_AHEAD and ahead):
            # A reply ahead of our body would be taken for the reply to its final dot.
            self._wire.end("protocol_error")
            return
        self._expected.popleft()
        if transaction is None:
            self._on_reply_to_none(step)
        elif code == _CLOSING:
            self._on_closing(step, transaction, text=text)
        elif step is Step.MAIL or step is Step.RCPT:
            self._on_envelope_reply(step, transaction, code=code, text=text)
        elif step is Step.DATA:
            self._on_data_reply(transaction, code=code, text=text)
        else:
            self._on_end_of_data_reply(step, transaction, code=code, text=text)

    def _on_reply_to_none(self, step: Step) -> None:
        if step is Step.QUIT:
            self._wire.end("quit")
        elif self._unwritten:
            self._write_next_command()
        elif not self._expected:
            self.start()

    def _on_closing(self, step: Step, transaction: Transaction, *, text: bytes) -> None:
        """Obey a 421; at MAIL, on a connection that has worked, it only asks for a new one."""
        if step is Step.MAIL and self.answered:
            self._give_back(transaction, reason="closed_by_server")
        elif not transaction.settled:
            reply, phase = transaction.refusal or (_reply(_CLOSING, text), PHASE_OF[step])
            transaction.settle(Refused(transaction.job.mail.message_id, reply, phase))
        self._wire.end("closed_by_server")

    def _on_envelope_reply(
        self, step: Step, transaction: Transaction, *, code: int, text: bytes
    ) -> None:
        if code // 100 != _POSITIVE:
            transaction.refusal = transaction.refusal or (_reply(code, text), PHASE_OF[step])
        elif step is Step.RCPT:
            transaction.recipient_taken = True
        if self._server.pipelining:
            return
        if transaction.refusal is None:
            self._write_next_command()
        else:
            self._unwritten.clear()
            self._refuse_and_reset(transaction)

    def _on_data_reply(self, transaction: Transaction, *, code: int, text: bytes) -> None:
        if code != _GO_AHEAD:
            transaction.refusal = transaction.refusal or (_reply(code, text), Phase.DATA)
            self._refuse_and_reset(transaction)
        elif transaction.refusal is None:
            transaction.body_written = True
            self._write_body(wire_body(transaction.job.mail), (Step.DOT, transaction))
        else:
            self._refuse(transaction)
            if transaction.recipient_taken:
                # Sender refused, recipient taken: a lone dot might deliver an empty message.
                self._wire.end("protocol_error")
            else:
                self._write_body(END_OF_DATA, (Step.LONE_DOT, transaction))

    def _on_end_of_data_reply(
        self, step: Step, transaction: Transaction, *, code: int, text: bytes
    ) -> None:
        if step is Step.DOT:
            self.answered += 1
            reply, message_id = _reply(code, text), transaction.job.mail.message_id
            positive = code // 100 == _POSITIVE
            transaction.settle(
                Accepted(message_id, reply) if positive else Refused(message_id, reply, Phase.DOT)
            )
        if self._expected:  # the next envelope is on its way already
            self._wire.expect_within(self._options.command_timeout_s)
        else:
            self.start()

    def _refuse(self, transaction: Transaction) -> None:
        if transaction.refusal is not None:
            self.answered += 1
            reply, phase = transaction.refusal
            transaction.settle(Refused(transaction.job.mail.message_id, reply, phase))

    def _refuse_and_reset(self, transaction: Transaction) -> None:
        """Clear the half-built transaction on the server, then go on with the next message."""
        self._refuse(transaction)
        reset = (Step.RSET, None, b"RSET\r\n")
        following = self._take()
        if following is None:
            self._ask([reset], within_s=self._options.command_timeout_s)
        else:
            self._begin(following, before=[reset])

    # Writing.

    def _take(self) -> Transaction | None:
        """Return the next message fit for this server; the others are refused here."""
        while not (self._stopping or self._is_worn):
            job = self._source.take()
            if job is None:
                return None
            refusal = refusal_before_the_wire(job.mail, server=self._server)
            if refusal is None:
                self._taken += 1
                return Transaction(job)
            job.report(Refused(job.mail.message_id, refusal, Phase.PRECHECK))
        self._stopping = True
        return None

    def _begin(
        self,
        transaction: Transaction,
        *,
        before: list[tuple[Step, Transaction | None, bytes]] | None = None,
    ) -> None:
        commands = (before or []) + self._envelope_of(transaction)
        self._ask(commands, within_s=self._options.command_timeout_s)

    def _envelope_of(
        self, transaction: Transaction
    ) -> list[tuple[Step, Transaction | None, bytes]]:
        mail, rcpt, data = envelope(transaction.job.mail, server=self._server)
        return [
            (Step.MAIL, transaction, mail),
            (Step.RCPT, transaction, rcpt),
            (Step.DATA, transaction, data),
        ]

    def _ask(
        self, commands: list[tuple[Step, Transaction | None, bytes]], *, within_s: float
    ) -> None:
        """Write commands: all at once with PIPELINING, else one after the other's reply."""
        if self._server.pipelining:
            self._expected.extend((step, transaction) for step, transaction, _ in commands)
            group = b"".join([command for _, _, command in commands])
            self._wire.write(group, answer_within_s=within_s)
        else:
            self._unwritten.extend(commands)
            self._wire.expect_within(within_s)
            self._write_next_command()

    def _write_next_command(self) -> None:
        step, transaction, command = self._unwritten.popleft()
        self._expected.append((step, transaction))
        self._wire.write_more(command)

    def _write_body(self, body: bytes, question: tuple[Step, Transaction]) -> None:
        """Write a message to its end, with the next envelope in the same group if allowed."""
        self._expected.append(question)
        following = self._take() if self._server.pipelining else None
        if following is not None:
            commands = self._envelope_of(following)
            self._expected.extend((step, transaction) for step, transaction, _ in commands)
            body += b"".join([command for _, _, command in commands])
        self._wire.write(body, answer_within_s=self._options.final_dot_timeout_s)

    # The end.

    def _on_deadline(self) -> None:
        if self.is_idle:
            self.stop()
        else:
            saying_goodbye = all(step is Step.QUIT for step, _ in self._expected)
            self._wire.end("quit" if saying_goodbye else "timeout")

    def _on_wire_end(self, reason: str, tail_unsent: bool) -> None:  # noqa: FBT001  a callback
        in_flight = dict.fromkeys(t for _, t in self._expected if t is not None and not t.settled)
        self._expected.clear()
        for transaction in in_flight:
            self._settle_lost(transaction, reason=reason, tail_unsent=tail_unsent)
        self._on_end(self, reason)

    def _settle_lost(self, transaction: Transaction, *, reason: str, tail_unsent: bool) -> None:
        message_id = transaction.job.mail.message_id
        if transaction.refusal is not None:
            self._refuse(transaction)
        elif transaction.body_written and not tail_unsent:
            transaction.settle(Uncertain(message_id, reason))
        elif not transaction.body_written and reason in _CHANGE_OF_CONNECTION and self.answered:
            self._give_back(transaction, reason=reason)
        else:
            transaction.settle(NotSent(message_id, reason))

    def _give_back(self, transaction: Transaction, *, reason: str) -> None:
        """Return a message that met the ordinary end of a used connection, unseen."""
        transaction.settled = True
        self._source.give_back(transaction.job, reason=reason)


_CHANGE_OF_CONNECTION = frozenset({"connection_lost", "closed_by_server", "quit"})


@functools.lru_cache(maxsize=1_024)  # many servers say the same to each message
def _reply(code: int, text: bytes) -> SmtpReply:
    if b"\n" in text:
        # Each line of a multi-line reply repeats the enhanced code (RFC 2034 section 4).
        first, *rest = text.split(b"\n")
        status, _, _ = first.partition(b" ")
        text = b" ".join([first, *(line.removeprefix(status + b" ") for line in rest)])
    return parse_reply(code, text.decode("utf-8", "replace"))
