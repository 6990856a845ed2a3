"""Which messages were given up, and of which does nobody know what became of them?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, LiteralString
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter, SkipValidation

from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.delivery import CAMPAIGN_EXISTS
from read_api.queries.rows import FIRST_ID, LAST_ID
from schemas.http.dead_letters import (
    Attempt,
    DeadLetter,
    DeadLetterDetail,
    DeadLetterPage,
    UncertainMessage,
    UncertainPage,
)

COLUMNS: LiteralString = """
SELECT message_id, kind, campaign_id, contact_id, attempt, code, status, reason, transcript,
       failed_at, state, settled_at
  FROM dead_letters WHERE workspace_id = %(workspace_id)s"""
NEWEST: LiteralString = " AND message_id < %(id)s ORDER BY message_id DESC LIMIT %(fetch)s"
ONE = COLUMNS + " AND message_id = %(message_id)s"
ATTEMPTS: LiteralString = """
SELECT attempt, relay, handed_over_at, at, kind AS outcome, code, status, reply, retry_at, position
  FROM message_marks
 WHERE workspace_id = %(workspace_id)s AND message_id = %(message_id)s
   AND kind IN ('deferred', 'failed', 'bounced', 'uncertain') AND attempt > 0
 ORDER BY position
"""
DEAD_LETTERS = COLUMNS + NEWEST
CONDITIONS: dict[str, LiteralString] = {
    "campaign_id": " AND campaign_id = %(campaign_id)s",
    "state": " AND state = %(state)s",
    "reason": " AND reason = %(reason)s",
    "code": " AND code = %(code)s",
    "since": " AND failed_at >= %(since)s",
}
OF_CAMPAIGN = COLUMNS + CONDITIONS["campaign_id"] + NEWEST
UNCERTAIN: LiteralString = """
SELECT message_id, campaign_id, contact_id, attempt, since, resolution, settled_at
  FROM uncertain_messages
 WHERE workspace_id = %(workspace_id)s AND campaign_id = %(campaign_id)s
   AND message_id > %(id)s"""
BY_ID: LiteralString = " ORDER BY message_id LIMIT %(fetch)s"
STILL_OPEN: LiteralString = " AND resolution IS NULL"

Reason = Annotated[
    str | None,
    QueryParameter(min_length=1, max_length=100, description="As the letters say it: expired."),
]
State = Annotated[Literal["open", "redriven", "discarded"] | None, QueryParameter(name="state")]
Which = Annotated[Literal["open", "all"], QueryParameter(name="state")]


@get(
    "/v1/dead-letters",
    sync_to_thread=True,
    opt={"permission": "messages:read"},
    summary="List messages that were given up",
    tags=["messages"],
)
def get_dead_letters(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
    campaign_id: FromQuery[UUID | None] = None,
    letter_state: State = None,
    reason: Reason = None,
    code: FromQuery[int | None] = None,
    since: FromQuery[datetime | None] = None,
) -> DeadLetterPage:
    """List them with what the relay said, those of the newest launch first; conditions together."""
    (last_id,) = page.start([LAST_ID])
    wanted: dict[str, object] = {
        "campaign_id": campaign_id,
        "state": letter_state,
        "reason": reason,
        "code": code,
        "since": since,
    }
    query = letters_query(wanted)
    found = reads.rows(DeadLetter, query, wanted | {"id": last_id, "fetch": page.fetch})
    items, following = page.finish(found, "message_id")
    return DeadLetterPage(items=items, next=following)


def letters_query(wanted: Mapping[str, object]) -> LiteralString:
    """Return the statement with the conditions that ask something."""
    query = COLUMNS
    for name, condition in CONDITIONS.items():
        if wanted[name] is not None:
            query += condition
    return query + NEWEST


@get(
    "/v1/dead-letters/{message_id:uuid}",
    sync_to_thread=True,
    opt={"permission": "messages:read", "reads": ("message_ledger",)},
    summary="One message that was given up, with every attempt",
    tags=["messages"],
)
def get_dead_letter(
    message_id: FromPath[UUID], reads: NamedDependency[SkipValidation[TenantReads]]
) -> DeadLetterDetail:
    """Show it with what the relay said each time, those before it was re-driven too."""
    asked = {"message_id": message_id}
    letter = reads.one(DeadLetter, ONE, asked)
    return DeadLetterDetail(
        **msgspec.structs.asdict(letter), attempts=reads.rows(Attempt, ATTEMPTS, asked)
    )


@get(
    "/v1/campaigns/{campaign_id:uuid}/uncertain",
    sync_to_thread=True,
    opt={"permission": "delivery:read", "reads": ("campaign_list",)},
    summary="Messages of a campaign whose handover had no answer",
    tags=["messages"],
)
def get_uncertain(
    campaign_id: FromPath[UUID],
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
    which: Which = "open",
) -> UncertainPage:
    """List those that are open, or all; they stay until somebody knows."""
    reads.one(dict, CAMPAIGN_EXISTS, {"campaign_id": campaign_id})
    (after,) = page.start([FIRST_ID])
    query = UNCERTAIN + BY_ID if which == "all" else UNCERTAIN + STILL_OPEN + BY_ID
    values = {"campaign_id": campaign_id, "id": after, "fetch": page.fetch}
    items, following = page.finish(reads.rows(UncertainMessage, query, values), "message_id")
    return UncertainPage(items=items, next=following)
