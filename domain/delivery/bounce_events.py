"""What comes back later: mail that arrived, people who complain, and what soft bounces lead to."""

from typing import ClassVar
from uuid import UUID

from domain.shared.model import Event


class EmailDelivered(Event, frozen=True):
    """A server reported that the mail arrived; `action` is delivered, relayed or expanded."""

    TAG: ClassVar[str] = "delivery.email_delivered.v1"
    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    action: str
    sandbox: bool = False


class EmailComplained(Event, frozen=True):
    """The person, or the provider for them, called the mail abuse (RFC 5965, Feedback-Type)."""

    TAG: ClassVar[str] = "delivery.email_complained.v1"
    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    feedback_type: str
    sandbox: bool = False
    sending_domain: str = ""
    destination: str = ""


class SoftBouncePolicyChosen(Event, frozen=True):
    """From now on: so many soft bounces in so many sends over so many days suppress so long."""

    TAG: ClassVar[str] = "delivery.soft_bounce_policy_chosen.v1"
    bounces: int
    of_last: int
    over_days: int
    suppress_days: int


EVENTS: tuple[type[Event], ...] = (EmailDelivered, EmailComplained, SoftBouncePolicyChosen)
