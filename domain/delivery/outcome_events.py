"""What people, and later reports, decide about messages that nobody tries any more."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from domain.shared.model import Event


class Resolution(StrEnum):
    """What became of a message whose handover had no answer."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    LOST = "lost"
    RESEND = "resend"


class EmailRedriven(Event, frozen=True):
    """A dead letter is queued again, with a fresh retry life; `attempt` counts those made so far.

    It keeps its id and so its Message-ID. `reason` is the words of whoever asked for it.
    """

    TAG: ClassVar[str] = "delivery.email_redriven.v1"
    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    attempt: int
    reason: str


class EmailDiscarded(Event, frozen=True):
    """A dead letter is put away for good: nobody sends it again."""

    TAG: ClassVar[str] = "delivery.email_discarded.v1"
    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    attempt: int
    reason: str


class SystemMailDiscarded(Event, frozen=True):
    """A dead letter of the system's own mail is put away."""

    TAG: ClassVar[str] = "delivery.system_mail_discarded.v1"
    mail_id: UUID
    kind: str
    reason: str


class UncertainResolved(Event, frozen=True):
    """It is known now, or decided, what became of a message that was uncertain.

    `resend` queues it again, and the person may get it twice. `caused_by` is the fact that says
    so: a report, or of `at_least_once` the EmailUncertain itself; without one it was a person.
    """

    TAG: ClassVar[str] = "delivery.uncertain_resolved.v1"
    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    attempt: int
    resolution: Resolution
    reason: str
    caused_by: UUID | None = None


EVENTS: tuple[type[Event], ...] = (
    EmailRedriven,
    EmailDiscarded,
    SystemMailDiscarded,
    UncertainResolved,
)
