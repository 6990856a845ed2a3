"""What goes into a sender and what comes out: one outcome for each message handed over."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from domain.delivery.smtp_reply import Phase, SmtpReply


class OutgoingMail(msgspec.Struct, frozen=True):
    """One message for one recipient; `data` is the whole message with CRLF line ends.

    `is_plain` is set by who made it of checked pieces: every line ends in CRLF, the last one too,
    has at most 998 octets and begins with no dot, so nobody has to look at each octet again.
    """

    message_id: UUID
    mail_from: str
    rcpt_to: str
    data: bytes
    smtputf8: bool = False
    is_plain: bool = False


class Accepted(msgspec.Struct, frozen=True):
    """The server took responsibility for the message (RFC 5321 4.2.5)."""

    message_id: UUID
    reply: SmtpReply


class Refused(msgspec.Struct, frozen=True):
    """The server, or our own check before it (phase `precheck`), said no; judge the reply."""

    message_id: UUID
    reply: SmtpReply
    phase: Phase


class NotSent(msgspec.Struct, frozen=True):
    """The message provably did not reach the server whole: trying again is safe.

    `reason` is a stable word; `reply` is what the server said about the connection, if anything.
    """

    message_id: UUID
    reason: str
    reply: SmtpReply | None = None


class Uncertain(msgspec.Struct, frozen=True):
    """The reply to the final dot was lost: the server may have taken the message."""

    message_id: UUID
    reason: str


HELD = "held"
"""The reason of a `NotSent` whose sender was told, just before MAIL FROM, that it may not begin."""


def always() -> bool:
    """Hold nothing."""
    return True


Outcome = Accepted | Refused | NotSent | Uncertain


class MailSender(Protocol):
    """The port the dispatcher sends through; tests/contract/test_mail_sender.py is its contract."""

    def send(
        self, batch: Sequence[OutgoingMail], *, may_begin: Callable[[], bool] = always
    ) -> AsyncIterator[Outcome]:
        """Send each message once and yield exactly one outcome for each, in any order.

        `may_begin` is asked just before each MAIL FROM; what may not is `NotSent` with HELD.
        """
        ...
