"""Messages and dead letters as the API shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.fields import NextCursor


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one message; `reason` says why it is not sent."""

    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    status: Annotated[
        str,
        msgspec.Meta(
            description="queued, handed_over, sent, deferred, bounced, failed, uncertain or skipped"
        ),
    ]
    reason: str | None
    attempt: int
    relay: str | None
    reply: str | None
    queued_at: datetime | None
    status_at: datetime | None
    sent_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    opens: int
    clicks: int


class MessagePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of messages."""

    items: list[Message]
    next: NextCursor


class AddressedMessage(Message, frozen=True, kw_only=True):
    """A message with whom it is for."""

    email: Annotated[str | None, msgspec.Meta(description="Null of a person who was erased.")]


class AddressedMessagePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of messages, newest launch first."""

    items: list[AddressedMessage]
    next: NextCursor
