"""Dead letters and uncertain messages as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.http.fields import NextCursor, Request

Why = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=500, description="For whoever reads the log later; no names."
    ),
]

Cause = Annotated[
    str, msgspec.Meta(max_length=100, description="`reason` of the letters: expired, policy …")
]
ReplyCode = Annotated[int, msgspec.Meta(ge=0, le=999, description="Of the last reply.")]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Reason(Request, frozen=True, kw_only=True):
    """Why something is decided."""

    reason: Why


class Matching(Request, frozen=True, kw_only=True):
    """What to do with every open dead letter that matches; conditions hold together."""

    reason: Why
    campaign_id: UUID | None = None
    failed_for: Cause | None = None
    code: ReplyCode | None = None
    since: Instant | None = None


class SettledLetters(msgspec.Struct, frozen=True, kw_only=True):
    """How many were settled; `refused` counts the others by code, `more` says to ask again."""

    settled: int
    refused: dict[str, int]
    more: bool


class Answer(Request, frozen=True, kw_only=True, rename={"as_": "as"}):
    """What became of an uncertain message. `resend` may let the person get it twice."""

    as_: Literal["delivered", "lost", "resend"]
    reason: Why


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to hand a message over, with what the relay said, without addresses."""

    attempt: int
    relay: str | None
    handed_over_at: datetime | None
    at: datetime
    outcome: str
    code: int | None
    status: str | None
    reply: str | None
    retry_at: datetime | None
    position: int


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was given up, with what the relay said."""

    message_id: UUID
    kind: Annotated[
        str, msgspec.Meta(description="campaign, or the kind of a system mail: invitation ...")
    ]
    campaign_id: Annotated[UUID | None, msgspec.Meta(description="Null for system mail.")]
    contact_id: UUID | None
    attempt: int
    code: int
    status: str
    reason: str
    transcript: str
    failed_at: datetime
    state: Annotated[str, msgspec.Meta(description="open, redriven or discarded")]
    settled_at: datetime | None


class DeadLetterPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of dead letters."""

    items: list[DeadLetter]
    next: NextCursor


class DeadLetterDetail(DeadLetter, frozen=True, kw_only=True):
    """The same with every attempt."""

    attempts: list[Attempt]


class UncertainMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message whose handover had no answer; `resolution` is null while nobody knows."""

    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    attempt: int
    since: datetime
    resolution: str | None
    settled_at: datetime | None


class UncertainPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of uncertain messages."""

    items: list[UncertainMessage]
    next: NextCursor
