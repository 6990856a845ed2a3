"""The life of a message as the API shows it, and why it went as it did."""

from datetime import datetime
from typing import Annotated

import msgspec

from schemas.http.delivery import Message
from schemas.http.fields import NextCursor

Code = Annotated[str, msgspec.Meta(description="Stable: suppressed, in_queue, uncertain …")]


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """Why it is as it is: in words, with the event that it rests on."""

    code: Code
    text: str
    position: int | None
    at: datetime | None
    until: Annotated[datetime | None, msgspec.Meta(description="Of what waits, where known.")]


class LifeEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to the message, at a position of the log."""

    kind: Annotated[
        str,
        msgspec.Meta(
            description="queued, handed_over, deferred, sent, delivered, bounced, complained, "
            "failed, uncertain, resolved, redriven, discarded, skipped, opened or clicked"
        ),
    ]
    position: int
    at: datetime
    attempt: int | None = None
    relay: str | None = None
    code: int | None = None
    status: str | None = None
    reason: str | None = None
    reply: str | None = None
    retry_at: datetime | None = None
    link: int | None = None


class MessageLife(Message, frozen=True, kw_only=True):
    """One message with everything that happened to it, oldest first, and what that means."""

    life: list[LifeEvent]
    explanation: Explained


class ListedMessage(Message, frozen=True, kw_only=True):
    """A message of a person; `explanation` is the code alone."""

    explanation: Code


class ListedMessagePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a person's messages, newest first."""

    items: list[ListedMessage]
    next: NextCursor
