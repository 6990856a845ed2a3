"""What happened to this person, from the first day on?"""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import LAST_POSITION
from schemas.http.contacts import ContactEvent, ContactEventPage

HAPPENED: LiteralString = """
WITH mine AS MATERIALIZED (
    SELECT * FROM messages
     WHERE workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s
), happened (kind, position, at, source, reason, import_id, campaign_id, message_id, link) AS (
    SELECT 'imported', c.added_position, c.added_at,
           coalesce(nullif(i.requested_by, ''), 'worker:importer'), nullif(i.consent_source, ''),
           c.import_id, NULL::uuid, NULL::uuid, NULL::integer
      FROM contacts c LEFT JOIN imports i
        ON i.workspace_id = c.workspace_id AND i.import_id = c.import_id
     WHERE c.workspace_id = %(workspace_id)s AND c.contact_id = %(contact_id)s
    UNION ALL
    SELECT 'erased', erased_position, erased_at, NULL, NULL, NULL, NULL, NULL, NULL
      FROM contacts
     WHERE workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s
       AND erased_position IS NOT NULL
    UNION ALL
    SELECT kind, position, recorded_at, actor, concat_ws(': ', source, nullif(text, '')), NULL,
           campaign_id, NULL, NULL
      FROM consents WHERE workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s
    UNION ALL
    SELECT split_part(split_part(e.tag, '.contact_', 2), '.', 1), e.position, e.recorded_at,
           c.actor, NULL, NULL, NULL, NULL, NULL
      FROM events e JOIN commits c
        ON c.workspace_id = e.workspace_id AND c.command_id = e.command_id
     WHERE e.workspace_id = %(workspace_id)s AND e.kind = 'd' AND e.stream_id = %(contact_id)s
       AND e.tag = ANY(%(tags)s)
    UNION ALL
    SELECT 'queued', position, queued_at, NULL, NULL, NULL, campaign_id, message_id, NULL
      FROM mine WHERE queued_at IS NOT NULL
    UNION ALL
    SELECT 'sent', sent_position, sent_at, relay, NULL, NULL, campaign_id, message_id, NULL
      FROM mine WHERE sent_position IS NOT NULL
    UNION ALL
    SELECT 'skipped', status_position, status_at, NULL, reason, NULL, campaign_id, message_id, NULL
      FROM mine WHERE status = 'skipped'
    UNION ALL
    SELECT k.kind, k.position, k.at, k.relay, k.reason, NULL, mine.campaign_id, k.message_id,
           k.link
      FROM mine JOIN message_marks k
        ON k.workspace_id = %(workspace_id)s AND k.message_id = mine.message_id
)
"""
PAGE: LiteralString = (
    HAPPENED
    + """
SELECT * FROM happened
 WHERE position IS NOT NULL AND (position, kind) < (%(position)s, %(kind)s)
   AND (kind = 'erased' OR NOT %(erased)s)
 ORDER BY position DESC, kind DESC LIMIT %(fetch)s
"""
)
COUNTS: LiteralString = (
    HAPPENED + "SELECT kind, count(*) AS count FROM happened GROUP BY kind ORDER BY kind"
)
PERSON: LiteralString = """
SELECT erased_at FROM contacts
 WHERE workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s
"""
TAGS = ("contacts.contact_deleted.v1", "contacts.contact_restored.v1", "contacts.contact_purged.v1")
WORDS = {
    "imported": "Came in with an import",
    "erased": "Erased: nothing personal is kept",
    "given": "Agreed to get mail",
    "withdrawn": "Unsubscribed",
    "suppressed": "Put on the suppression list",
    "lifted": "A suppression was lifted",
    "deleted": "Moved to the trash",
    "restored": "Brought back from the trash",
    "purged": "Left the trash for good",
    "queued": "A message was queued",
    "sent": "A server accepted the message",
    "deferred": "A server asked to try later",
    "failed": "The message could not be sent",
    "bounced": "The message bounced",
    "uncertain": "It is not known whether the server took the message",
    "resolved": "What became of the message was settled",
    "redriven": "The message was put back into the queue",
    "discarded": "The message was given up",
    "skipped": "The message was not sent",
    "delivered": "The message was delivered",
    "complained": "The person marked the message as spam",
    "opened": "The message was opened",
    "clicked": "A link was followed",
}


class _Person(msgspec.Struct):
    erased_at: datetime | None


class _Row(msgspec.Struct):
    kind: str
    position: int
    at: datetime
    source: str | None
    reason: str | None
    import_id: UUID | None
    campaign_id: UUID | None
    message_id: UUID | None
    link: int | None


class _Count(msgspec.Struct):
    kind: str
    count: int


@get(
    "/v1/contacts/{contact_id:uuid}/events",
    sync_to_thread=True,
    opt={
        "permission": "contacts:read",
        "reads": ("contact_list", "consent_history", "message_ledger"),
    },
    summary="What happened to a person",
    tags=["contacts"],
)
def get_contact_events(
    contact_id: FromPath[UUID],
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
) -> ContactEventPage:
    """List everything, newest first. Of an erased person: the erasure, and counts alone."""
    asked: dict[str, object] = {"contact_id": contact_id, "tags": list(TAGS)}
    person = reads.one(_Person, PERSON, asked)
    position, kind = page.start([LAST_POSITION, ""])
    asked |= {
        "position": position,
        "kind": kind,
        "fetch": page.fetch,
        "erased": person.erased_at is not None,
    }
    rows, following = page.finish(reads.rows(_Row, PAGE, asked), "position", "kind")
    counts = reads.rows(_Count, COUNTS, asked)
    return ContactEventPage(
        items=_shown(rows), next=following, counts={one.kind: one.count for one in counts}
    )


def _shown(rows: Sequence[_Row]) -> list[ContactEvent]:
    return [
        ContactEvent(
            **msgspec.structs.asdict(row), text=WORDS.get(row.kind, row.kind.replace("_", " "))
        )
        for row in rows
    ]
