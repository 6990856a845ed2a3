"""What happened to this message, and why did this person get it or not?"""

from collections.abc import Iterator
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from domain.delivery.explanation import Explanation
from infra.postgres.message_stories import MARKS, MessageStories, Told
from read_api.edge.paging import Page
from read_api.edge.refusals import not_found
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.delivery import COLUMNS as MESSAGE
from read_api.queries.rows import LAST_ID, shown
from schemas.http.delivery import Message
from schemas.http.messages import (
    Explained,
    LifeEvent,
    ListedMessage,
    ListedMessagePage,
    MessageLife,
)

COLUMNS: LiteralString = MESSAGE.replace(
    "opens, clicks",
    "opens, clicks, position, status_position, sent_position, handed_over_at, handed_over_position",
)
ONE: LiteralString = COLUMNS + " AND message_id = %(message_id)s"
OF_CONTACT: LiteralString = (
    COLUMNS + " AND contact_id = %(contact_id)s AND message_id < %(id)s"
    " ORDER BY message_id DESC LIMIT %(fetch)s"
)
CONTACT_EXISTS: LiteralString = """
SELECT contact_id FROM contacts
 WHERE workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s
"""


class _Row(Message, frozen=True, kw_only=True):
    position: int
    status_position: int
    sent_position: int | None
    handed_over_at: datetime | None
    handed_over_position: int | None

    def told(self) -> Told:
        return Told(
            message_id=self.message_id,
            campaign_id=self.campaign_id,
            contact_id=self.contact_id,
            status=self.status,
            reason=self.reason,
            attempt=self.attempt,
            relay=self.relay,
            at=self.status_at,
            position=self.status_position,
        )


class Mark(LifeEvent, frozen=True, kw_only=True):
    """An event of the message, with the handover before it where it is an attempt."""

    handed_over_at: datetime | None
    handed_over_position: int | None


@get(
    "/v1/messages/{message_id:uuid}",
    sync_to_thread=True,
    opt={"permission": "messages:read", "reads": ("message_ledger", "contact_list")},
    summary="One message: its whole life, and why",
    tags=["messages"],
)
def get_message(
    message_id: FromPath[UUID],
    reads: NamedDependency[SkipValidation[TenantReads]],
    platform_reads: NamedDependency[SkipValidation[TenantReads]],
) -> MessageLife:
    """Tell everything that happened to it, each with its event, and what that means."""
    asked = {"message_id": message_id}
    row = reads.one(_Row, ONE, asked)
    marks = reads.rows(Mark, MARKS, asked)
    life = sorted(_life(row, marks), key=lambda event: event.position)
    explanation = MessageStories(reads, platform_reads).of(row.told())
    return MessageLife(
        **msgspec.structs.asdict(shown(row, Message)),
        life=life,
        explanation=explained(explanation),
    )


@get(
    "/v1/contacts/{contact_id:uuid}/messages",
    sync_to_thread=True,
    opt={"permission": "messages:read", "reads": ("message_ledger", "contact_list")},
    summary="The messages of a person",
    tags=["messages"],
)
def get_contact_messages(
    contact_id: FromPath[UUID],
    reads: NamedDependency[SkipValidation[TenantReads]],
    platform_reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
) -> ListedMessagePage:
    """List them, newest launch first, each with the code of its explanation."""
    reads.one(dict, CONTACT_EXISTS, {"contact_id": contact_id})
    (before,) = page.start([LAST_ID])
    asked = {"contact_id": contact_id, "id": before, "fetch": page.fetch}
    rows, following = page.finish(reads.rows(_Row, OF_CONTACT, asked), "message_id")
    told = MessageStories(reads, platform_reads)
    items = [
        ListedMessage(
            **msgspec.structs.asdict(shown(row, Message)),
            explanation=told.of(row.told()).code,
        )
        for row in rows
    ]
    return ListedMessagePage(items=items, next=following)


@get(
    "/v1/campaigns/{campaign_id:uuid}/contacts/{contact_id:uuid}/explanation",
    sync_to_thread=True,
    opt={
        "permission": "messages:read",
        "reads": ("message_ledger", "contact_list", "campaign_list"),
    },
    summary="Why this person got this campaign, or not",
    tags=["messages"],
)
def get_explanation(
    campaign_id: FromPath[UUID],
    contact_id: FromPath[UUID],
    reads: NamedDependency[SkipValidation[TenantReads]],
    platform_reads: NamedDependency[SkipValidation[TenantReads]],
) -> Explained:
    """Answer also where there is no message at all."""
    found = MessageStories(reads, platform_reads).of_person(campaign_id, contact_id)
    if found is None:
        raise not_found()
    return explained(found)


def explained(found: Explanation) -> Explained:
    """Return the explanation as the API shows it."""
    return Explained(**msgspec.structs.asdict(found))


def _life(row: _Row, marks: list[Mark]) -> Iterator[LifeEvent]:
    if row.queued_at is not None:
        yield LifeEvent(kind="queued", position=row.position, at=row.queued_at)
    handovers = {
        mark.handed_over_position: (mark.handed_over_at, mark.attempt, mark.relay)
        for mark in marks
        if mark.handed_over_position is not None
    }
    if row.handed_over_position is not None and row.handed_over_position not in handovers:
        attempt = row.attempt if row.sent_at else None
        handovers[row.handed_over_position] = (row.handed_over_at, attempt, row.relay)
    for position, (at, attempt, relay) in handovers.items():
        if position is not None and at is not None:
            yield LifeEvent(
                kind="handed_over", position=position, at=at, attempt=attempt, relay=relay
            )
    if row.sent_at is not None and row.sent_position is not None:
        yield LifeEvent(
            kind="sent",
            position=row.sent_position,
            at=row.sent_at,
            attempt=row.attempt,
            relay=row.relay,
            reply=row.reply if row.status == "sent" else None,
        )
    if row.status == "skipped" and row.status_at is not None:
        yield LifeEvent(
            kind="skipped", position=row.status_position, at=row.status_at, reason=row.reason
        )
    yield from (shown(mark, LifeEvent) for mark in marks)
