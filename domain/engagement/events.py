"""The vocabulary of engagement: raw hits. Whether a hit was a person is a projection's verdict."""

from typing import ClassVar
from uuid import UUID

from domain.shared.model import Event
from domain.shared.personal import Personal


class EmailOpened(Event, frozen=True):
    """The pixel of this message was fetched. `ip` is truncated to /24 or /48."""

    TAG: ClassVar[str] = "engagement.email_opened.v1"
    SUBJECT: ClassVar[str | None] = "contact_id"
    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    user_agent: Personal[str | None] = None
    ip: Personal[str | None] = None


class LinkClicked(Event, frozen=True):
    """Link number `link` of the snapshot was followed from this message."""

    TAG: ClassVar[str] = "engagement.link_clicked.v1"
    SUBJECT: ClassVar[str | None] = "contact_id"
    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    link: int
    user_agent: Personal[str | None] = None
    ip: Personal[str | None] = None


EngagementEvent = EmailOpened | LinkClicked
EVENTS: tuple[type[Event], ...] = (EmailOpened, LinkClicked)
