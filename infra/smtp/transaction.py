"""One message on its way through one connection: its commands, and the bytes of its body."""

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from domain.delivery.smtp_reply import Phase, SmtpReply
from infra.smtp.connect import Capabilities
from infra.smtp.mail import Outcome, OutgoingMail, always

END_OF_DATA = b".\r\n"
_GO_AHEAD = 354
_POSITIVE = 2
_NEGATIVE = (4, 5)


class Job:
    """A message that waits to be sent, and where its outcome goes."""

    __slots__ = ("give_backs", "mail", "may_begin", "report")

    def __init__(
        self,
        mail: OutgoingMail,
        *,
        report: Callable[[Outcome], None],
        may_begin: Callable[[], bool] = always,
    ) -> None:
        self.mail = mail
        self.report = report
        self.may_begin = may_begin
        self.give_backs = 0


class JobSource(Protocol):
    """Where a session takes its next message from."""

    def take(self) -> Job | None:
        """Return the next message, or None when there is none now."""
        ...

    def give_back(self, job: Job, *, reason: str) -> None:
        """Take back a message of which no byte of the body was written."""
        ...


class Step(Enum):
    """The question that a reply answers."""

    RSET = auto()
    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    DOT = auto()
    LONE_DOT = auto()
    QUIT = auto()

    def admits(self, code: int) -> bool:
        """Whether a reply with this code can answer this question at all."""
        kind = code // 100
        if self is Step.DATA:
            return code == _GO_AHEAD or kind in _NEGATIVE
        if self is Step.RSET:
            return kind == _POSITIVE
        return kind == _POSITIVE or kind in _NEGATIVE or self is Step.QUIT


PHASE_OF = {
    Step.MAIL: Phase.MAIL,
    Step.RCPT: Phase.RCPT,
    Step.DATA: Phase.DATA,
    Step.DOT: Phase.DOT,
}


class Transaction:
    """The state of one message: what was refused, whether its body is out, whether it is over."""

    __slots__ = ("body_written", "job", "recipient_taken", "refusal", "settled")

    def __init__(self, job: Job) -> None:
        self.job = job
        self.refusal: tuple[SmtpReply, Phase] | None = None
        self.recipient_taken = False
        self.body_written = False
        self.settled = False

    def settle(self, outcome: Outcome) -> None:
        """Report the outcome; only the first one counts."""
        if not self.settled:
            self.settled = True
            self.job.report(outcome)


def envelope(mail: OutgoingMail, *, server: Capabilities) -> tuple[bytes, bytes, bytes]:
    """Return the commands MAIL, RCPT and DATA for a message that passed the precheck."""
    options = f" SIZE={len(mail.data)}" if server.size else ""
    if server.eightbitmime and not mail.data.isascii():
        options += " BODY=8BITMIME"
    if mail.smtputf8 or not (mail.rcpt_to.isascii() and mail.mail_from.isascii()):
        options += " SMTPUTF8"
    return (
        f"MAIL FROM:<{mail.mail_from}>{options}\r\n".encode(),
        f"RCPT TO:<{mail.rcpt_to}>\r\n".encode(),
        b"DATA\r\n",
    )


def wire_body(mail: OutgoingMail) -> bytes:
    """Return the message as DATA carries it: dots doubled, CRLF, final dot (RFC 5321 4.5.2)."""
    data = mail.data
    if mail.is_plain:
        return data + END_OF_DATA
    if b"\r\n." in data:
        data = data.replace(b"\r\n.", b"\r\n..")
    if data.startswith(b"."):
        data = b"." + data
    return data + (END_OF_DATA if data.endswith(b"\r\n") else b"\r\n" + END_OF_DATA)
