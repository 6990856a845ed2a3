"""Messages, short-tempered senders and readable outcomes for the tests of the wire."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from domain.delivery.smtp_reply import Verdict, judge
from infra.smtp.mail import Outcome, OutgoingMail, Refused
from infra.smtp.options import RelayOptions, TlsPolicy
from infra.smtp.sender import SmtpSender
from tests.support.faulty_smtp import FaultySmtp, Script, faulty_smtp

SENDER = "news@example.com"


def a_mail(
    rcpt_to: str = "ada@example.org",
    *,
    mail_from: str = SENDER,
    data: bytes | None = None,
    smtputf8: bool = False,
) -> OutgoingMail:
    message_id = uuid4()
    if data is None:
        data = f"Message-ID: <{message_id}@example.com>\r\nSubject: hi\r\n\r\nhello\r\n".encode()
    return OutgoingMail(message_id, mail_from, rcpt_to, data, smtputf8)


def options_for(port: int, **changes: object) -> RelayOptions:
    """Options with timeouts a test can wait for."""
    values: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "tls": TlsPolicy.OFF,
        "connections": 1,
        "connect_timeout_s": 0.4,
        "command_timeout_s": 0.4,
        "final_dot_timeout_s": 0.4,
        "connect_attempts": 1,
        "reconnect_min_s": 0.01,
        "reconnect_max_s": 0.02,
    }
    return RelayOptions(**{**values, **changes})  # type: ignore[arg-type]  # checked by use


@asynccontextmanager
async def sender_to(
    script: Script, **changes: object
) -> AsyncIterator[tuple[SmtpSender, FaultySmtp]]:
    """A sender whose relay follows the script."""
    async with (
        faulty_smtp(script) as server,
        SmtpSender(options_for(server.port, **changes)) as sender,
    ):
        yield sender, server


async def outcomes_of(sender: SmtpSender, mails: list[OutgoingMail]) -> dict[UUID, Outcome]:
    """Send, and check that each message got exactly one outcome."""
    outcomes = [outcome async for outcome in sender.send(mails)]
    by_id = {outcome.message_id: outcome for outcome in outcomes}
    assert len(outcomes) == len(mails)
    assert by_id.keys() == {mail.message_id for mail in mails}
    return by_id


def verdict_on(outcome: Outcome) -> Verdict:
    assert isinstance(outcome, Refused), outcome
    return judge(outcome.reply, phase=outcome.phase)
