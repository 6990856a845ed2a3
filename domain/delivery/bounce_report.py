"""What a message to a return path turns out to be. No address of the report is in here."""

from enum import StrEnum

import msgspec

from domain.delivery.bounce_class import BounceClass


class Delivered(msgspec.Struct, frozen=True):
    """A server says that the mail arrived; `action` is delivered, relayed or expanded."""

    action: str


class Bounced(msgspec.Struct, frozen=True, kw_only=True):
    """The mail did not arrive and nobody tries again; `reply` is redacted."""

    bounce_class: BounceClass
    status: str
    code: int
    reply: str


class Complained(msgspec.Struct, frozen=True):
    """The person, or the provider for them, calls the mail abuse."""

    feedback_type: str


class Nothing(StrEnum):
    """Why a message has no outcome in it."""

    DELAYED = "delayed"
    AUTO_REPLY = "auto_reply"
    NOT_SPAM = "not_spam"
    UNREAD = "unread"


Report = Delivered | Bounced | Complained | Nothing
