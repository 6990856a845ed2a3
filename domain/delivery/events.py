"""The vocabulary of delivery: what was meant for a person, and what became of it."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from domain.delivery import (
    bounce_events,
    delivery_mode_events,
    lane_events,
    outcome_events,
    relay_events,
    send_rate_events,
    sending_domain_events,
)
from domain.delivery.bounce_class import BounceClass, BounceSource
from domain.shared.model import Event
from domain.shared.personal import Personal


class SkipReason(StrEnum):
    """Why a recipient of the frozen audience gets nothing."""

    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"
    CANCELLED = "campaign_cancelled"
    ERASED = "erased"
    DELETED = "deleted"
    UNRENDERABLE = "unrenderable"


class EmailsQueued(Event, frozen=True):
    """A chunk of a campaign's audience: one message a contact is to be sent.

    `recipients` is the base64 of 16-byte contact ids, at most 500; the message ids are derived
    from campaign and contact (`domain.shared.message_id`).
    """

    TAG: ClassVar[str] = "delivery.emails_queued.v1"
    campaign_id: UUID
    launched_at_ms: int
    recipients: str


class EmailSkipped(Event, frozen=True):
    """This recipient gets nothing, and this is why.

    `detail` names the fault of what could not be written: a code, or the place in the template.
    """

    TAG: ClassVar[str] = "delivery.email_skipped.v1"
    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    reason: SkipReason
    detail: str = ""


class HandoverStarted(Event, frozen=True):
    """These messages may be on the wire from now on: base64 of 16-byte message ids."""

    TAG: ClassVar[str] = "delivery.handover_started.v1"
    relay: str
    messages: str


class EmailSent(Event, frozen=True):
    """The relay answered 250 to the final dot: it has taken responsibility (RFC 5321, 6.1)."""

    TAG: ClassVar[str] = "delivery.email_sent.v1"
    SUBJECT: ClassVar[str | None] = "contact_id"
    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    attempt: int
    relay: str
    reply: Personal[str | None] = None
    sandbox: bool = False
    sending_domain: str = ""
    destination: str = ""


class EmailDeferred(Event, frozen=True):
    """The relay said "not now" (4yz); another attempt follows at `retry_at_ms`."""

    TAG: ClassVar[str] = "delivery.email_deferred.v1"
    SUBJECT: ClassVar[str | None] = "contact_id"
    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    attempt: int
    relay: str
    code: int
    status: str
    retry_at_ms: int
    reply: Personal[str | None] = None
    sandbox: bool = False
    sending_domain: str = ""
    destination: str = ""


class EmailFailed(Event, frozen=True):
    """No further attempt is made; the task is in the dead letters with its last reply."""

    TAG: ClassVar[str] = "delivery.email_failed.v1"
    SUBJECT: ClassVar[str | None] = "contact_id"
    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    attempt: int
    relay: str
    code: int
    status: str
    reason: str
    reply: Personal[str | None] = None
    sandbox: bool = False
    sending_domain: str = ""
    destination: str = ""


class EmailBounced(Event, frozen=True):
    """The mail did not arrive. Hard (5.1.x and kin): the person is to be suppressed.

    From the conversation with the relay (`smtp`) it is always hard and the message's outcome; a
    report (`dsn`) comes after EmailSent or EmailUncertain, without attempt and relay.
    """

    TAG: ClassVar[str] = "delivery.email_bounced.v1"
    SUBJECT: ClassVar[str | None] = "contact_id"
    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    attempt: int
    relay: str
    code: int
    status: str
    reply: Personal[str | None] = None
    sandbox: bool = False
    sending_domain: str = ""
    destination: str = ""
    source: BounceSource = BounceSource.SMTP
    bounce_class: BounceClass = BounceClass.HARD


class EmailUncertain(Event, frozen=True):
    """The connection or the process died between the final dot and the answer.

    Never sent again blindly (at most once); counted and shown.
    """

    TAG: ClassVar[str] = "delivery.email_uncertain.v1"
    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    attempt: int
    relay: str
    reason: str
    sandbox: bool = False
    sending_domain: str = ""
    destination: str = ""


class SystemMailSent(Event, frozen=True):
    """The relay took a mail of the system; a crash may let it take the same mail twice."""

    TAG: ClassVar[str] = "delivery.system_mail_sent.v1"
    mail_id: UUID
    kind: str
    subject_id: UUID
    attempt: int
    relay: str
    sandbox: bool = False


class SystemMailDeferred(Event, frozen=True):
    """The relay said "not now", was away, or fell silent; the mail goes again at `retry_at_ms`."""

    TAG: ClassVar[str] = "delivery.system_mail_deferred.v1"
    mail_id: UUID
    kind: str
    subject_id: UUID
    attempt: int
    relay: str
    code: int
    status: str
    reason: str
    retry_at_ms: int
    sandbox: bool = False


class SystemMailFailed(Event, frozen=True):
    """Nobody tries again: refused, expired, unwritable, or the person was erased."""

    TAG: ClassVar[str] = "delivery.system_mail_failed.v1"
    mail_id: UUID
    kind: str
    subject_id: UUID
    attempt: int
    relay: str
    code: int
    status: str
    reason: str
    sandbox: bool = False


DeliveryEvent = (
    EmailsQueued
    | EmailSkipped
    | HandoverStarted
    | EmailSent
    | EmailDeferred
    | EmailFailed
    | EmailBounced
    | EmailUncertain
    | SystemMailSent
    | SystemMailDeferred
    | SystemMailFailed
    | lane_events.LaneEvent
    | relay_events.RelayEvent
)
EVENTS: tuple[type[Event], ...] = (
    EmailsQueued,
    EmailSkipped,
    HandoverStarted,
    EmailSent,
    EmailDeferred,
    EmailFailed,
    EmailBounced,
    EmailUncertain,
    SystemMailSent,
    SystemMailDeferred,
    SystemMailFailed,
    *lane_events.EVENTS,
    *relay_events.EVENTS,
    *delivery_mode_events.EVENTS,
    *outcome_events.EVENTS,
    *send_rate_events.EVENTS,
    *sending_domain_events.EVENTS,
    *bounce_events.EVENTS,
)
