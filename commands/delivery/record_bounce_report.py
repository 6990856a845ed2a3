"""Record what a report says of one message: each kind of outcome once, however often it comes."""

from typing import assert_never
from uuid import UUID

import msgspec

from commands.ports import EventLog
from domain.delivery.bounce_class import BounceSource
from domain.delivery.bounce_events import EmailComplained, EmailDelivered
from domain.delivery.bounce_report import Bounced, Complained, Delivered
from domain.delivery.events import EmailBounced
from domain.shared.context import Context
from domain.shared.errors import DomainError
from domain.shared.ids import derive_id, time_ms_of
from domain.shared.model import Event, Fact

PERSON_ERASED = "person_erased"
Outcome = Delivered | Bounced | Complained


class ReportedMessage(msgspec.Struct, frozen=True):
    """Whose message a return path named; nothing of it is read from the report."""

    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    sandbox: bool = False
    sending_domain: str = ""
    destination: str = ""


class RecordBounceReport(msgspec.Struct, frozen=True, kw_only=True):
    """This became of this message."""

    message: ReportedMessage
    outcome: Outcome


def record_bounce_report(command: RecordBounceReport, context: Context, log: EventLog) -> int:
    """Append the fact; of an erased person it is kept without what the server said."""
    message, event = command.message, _event(command)
    fact_id = report_id(message.message_id, _kind(command.outcome))
    try:
        return log.record([Fact(fact_id, event)], context)
    except DomainError as error:
        if error.code != PERSON_ERASED:
            raise
        return log.record([Fact(fact_id, msgspec.structs.replace(event, reply=None))], context)


def report_id(message_id: UUID, kind: str) -> UUID:
    """Return the id of a message's outcome of one kind: it has one, whoever reports it first."""
    return derive_id(time_ms_of(message_id), b"report", message_id.bytes, kind.encode())


def _kind(outcome: Outcome) -> str:
    match outcome:
        case Bounced():
            return f"bounced-{outcome.bounce_class}"
        case Delivered():
            return "delivered"
        case Complained():
            return "complained"
        case _:
            assert_never(outcome)


def _event(command: RecordBounceReport) -> Event:
    about = msgspec.structs.asdict(command.message)
    match command.outcome:
        case Bounced() as bounced:
            return EmailBounced(
                **about,
                attempt=0,
                relay="",
                source=BounceSource.DSN,
                bounce_class=bounced.bounce_class,
                code=bounced.code,
                status=bounced.status,
                reply=bounced.reply,
            )
        case Delivered() as delivered:
            del about["sending_domain"], about["destination"]
            return EmailDelivered(**about, action=delivered.action)
        case Complained() as complained:
            return EmailComplained(**about, feedback_type=complained.feedback_type)
        case _:
            assert_never(command.outcome)
