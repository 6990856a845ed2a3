"""Row-level security does not cost the index: what each hot query looks up, as the application.

Under it only leakproof operators reach an index (TN-13): a LIKE, a lower() or a jsonb operator
would become a filter over everything the workspace has, and this test red.
"""

import re
from typing import LiteralString
from uuid import UUID

import pytest
from psycopg import Cursor
from psycopg.rows import TupleRow

from infra.bootstrap import Adapters
from infra.postgres import message_stories
from infra.postgres.tenant_scope import tenant_scope
from read_api.queries import (
    audit_detail,
    audit_tail,
    campaigns,
    contact_events,
    contacts,
    content,
    dead_letters,
    delivery,
    messages,
)
from read_api.queries.contact_facets import total_query
from read_api.queries.contact_search import ContactSearch
from read_api.queries.contacts import page_query
from read_api.queries.rows import FIRST_ID, LAST_POSITION

pytestmark = pytest.mark.integration

ONE = UUID(int=77)
VALUES: dict[str, object] = {
    "contact_id": ONE, "campaign_id": ONE, "message_id": ONE, "stream_id": ONE, "version": 9,
    "template_id": ONE, "id": FIRST_ID, "position": LAST_POSITION, "fetch": 51, "status": "x",
    "reason": None,
    "prefix": "p4", "email": "p4", "after": 500,
    "key": None, "q": None, "word_0": "p4", "import_id": ONE, "kind": "", "erased": False,
    "tags": ["x"], "before": 900, "destination": "other", "upto": 20_000, "workspace_id": ONE,
}  # fmt: skip
HOT: dict[str, tuple[LiteralString, set[str]]] = {
    "a contact": (contacts.ONE, {"workspace_id", "contact_id"}),
    "a page of contacts": (page_query(ContactSearch(), "id"), {"workspace_id", "contact_id"}),
    "contacts by address": (
        page_query(ContactSearch(email="p4"), "email"),
        {"workspace_id", "email_key"},
    ),
    "contacts by name": (
        page_query(ContactSearch(), "name"),
        {"workspace_id", "last_key", "contact_id"},
    ),
    "contacts by their day": (page_query(ContactSearch(), "-added"), {"workspace_id", "added_at"}),
    "what happened to a contact": (
        contact_events.PAGE,
        {"workspace_id", "contact_id", "stream_id"},
    ),
    "suppressions": (contacts.SUPPRESSIONS, {"workspace_id", "position"}),
    "what a contact got": (delivery.MESSAGES_OF_CONTACT, {"workspace_id", "contact_id"}),
    "messages of a campaign": (
        delivery.OF_CAMPAIGN,
        {"workspace_id", "campaign_id", "message_id"},
    ),
    "a message": (messages.ONE, {"workspace_id", "message_id"}),
    "what happened to a message": (message_stories.MARKS, {"workspace_id", "message_id"}),
    "a person's messages": (
        messages.OF_CONTACT,
        {"workspace_id", "contact_id", "message_id"},
    ),
    "the message of a person": (message_stories.OF_PERSON, {"workspace_id", "contact_id"}),
    "the decision behind a skip": (message_stories.DECISION, {"workspace_id", "stream_id"}),
    "the fact of a skip": (message_stories.FACT, {"workspace_id", "stream_id"}),
    "what the claim asks": (message_stories.PLACES, {"workspace_id", "campaign_id"}),
    "dead letters": (dead_letters.DEAD_LETTERS, {"workspace_id", "message_id"}),
    "dead letters of a campaign": (
        dead_letters.OF_CAMPAIGN,
        {"workspace_id", "campaign_id", "message_id"},
    ),
    "uncertain messages of a campaign": (
        dead_letters.UNCERTAIN + dead_letters.BY_ID,
        {"workspace_id", "campaign_id", "message_id"},
    ),
    "campaigns": (campaigns.LIST, {"workspace_id", "position"}),
    "templates": (content.LIST, {"workspace_id", "position"}),
    "the audit log as it grows": (
        audit_tail.TAIL,
        {"workspace_id", "position", "command_id"},
    ),
    "the past of a stream": (
        audit_detail.BEFORE,
        {"workspace_id", "stream_id", "version"},
    ),
}
"""Each query, and the columns that it must look up in an index rather than filter by."""
NARROWED: dict[str, tuple[LiteralString, set[str]]] = {
    "by a word": (
        page_query(ContactSearch(q="p4"), "id"),
        {"email_key", "first_key", "last_key"},
    ),
    "of an import": (total_query(ContactSearch(import_id=ONE)), {"import_id"}),
    "of a status": (total_query(ContactSearch(status="suppressed")), {"status"}),
    "where a message waits": (message_stories.TASK, {"workspace_id", "message_id"}),
}
PEOPLE = """
INSERT INTO contacts (workspace_id, contact_id, import_id, added_at, added_position, email_key,
                      first_key, last_key)
SELECT %(workspace_id)s, gen_random_uuid(), gen_random_uuid(), now(), n, 'p' || n, 'q' || n,
       'r' || n
  FROM generate_series(1, 5000) AS n
"""
TASKS = """
INSERT INTO email_tasks (workspace_id, message_id, campaign_id, contact_id, due_at)
SELECT %(workspace_id)s, gen_random_uuid(), %(campaign_id)s, gen_random_uuid(), now()
  FROM generate_series(1, 5000) AS n
"""
BY_PATTERN: LiteralString = contacts.COLUMNS + " AND email LIKE 'p4%%' ORDER BY email LIMIT 51"


def looked_up(cursor: Cursor[TupleRow], query: LiteralString) -> set[str]:
    """Return the columns of the index conditions; of small tables too, so without their scan."""
    cursor.execute("SET LOCAL enable_seqscan = off")
    plan = "\n".join(row[0] for row in cursor.execute("EXPLAIN " + query, VALUES))
    assert "Seq Scan" not in plan, plan
    conditions = re.findall(r"Index Cond: (.*)", plan)
    return {word for line in conditions for word in re.findall(r"\b[a-z_]+\b", line)}


@pytest.mark.parametrize("name", HOT)
def test_a_hot_query_looks_up_what_it_asks_for(app: Adapters, name: str) -> None:
    query, columns = HOT[name]
    with tenant_scope(app.pool, ONE) as cursor:
        assert columns <= looked_up(cursor, query), name


def test_a_search_among_many_rows_looks_up_what_it_asks_for(
    app: Adapters, worker: Adapters
) -> None:
    with tenant_scope(worker.pool, ONE) as cursor:
        cursor.execute(PEOPLE, VALUES)
        cursor.execute(TASKS, VALUES)
    for name, (query, columns) in NARROWED.items():
        with tenant_scope(app.pool, ONE) as cursor:
            assert columns <= looked_up(cursor, query), name


def test_a_pattern_would_not_reach_the_index(app: Adapters) -> None:
    with tenant_scope(app.pool, ONE) as cursor:
        assert "email" not in looked_up(cursor, BY_PATTERN)
