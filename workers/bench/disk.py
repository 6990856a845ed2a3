"""What an event takes on disk, indexes and its share of the commit included."""

from uuid import uuid4

import psycopg

from domain.engagement.events import EmailOpened
from domain.shared.ids import derive_id
from domain.shared.model import Fact
from workers.bench.facts import contact_facts, sent_facts
from workers.bench.load import decide_one
from workers.bench.measure import Measured, measured
from workers.bench.stage import Stage

BATCH = 1_000
SENT, CONTACTS, OPENED, DECISIONS = 40_000, 20_000, 10_000, 2_000
AT_MOST = 2.2  # times the payload: a bound against growth, a little above what was measured
_PARTS = """
SELECT part, sum(size)::bigint FROM (
    SELECT pg_relation_size(c.oid) AS size,
           CASE WHEN c.relname LIKE 'commits%' THEN 'commits'
                WHEN c.relkind = 'r' THEN 'heap'
                WHEN a.attname = 'position' THEN 'index_on_position'
                ELSE 'index_on_identity' END AS part
      FROM pg_class c
      LEFT JOIN pg_attribute a ON c.relkind = 'i' AND a.attrelid = c.oid AND a.attnum = 1
     WHERE c.relkind IN ('r', 'i') AND c.relnamespace = 'public'::regnamespace
       AND (c.relname LIKE 'events%' OR c.relname LIKE 'commits%')) x
 GROUP BY part ORDER BY part
"""
_PAYLOADS = "SELECT count(*), sum(octet_length(data)) FROM events"


def bytes_per_event(stage: Stage) -> Measured:
    """Fill the log with a mix of facts and decisions; the limit is what was told, as JSON."""
    _fill(stage)
    with psycopg.connect(stage.superuser_dsn, autocommit=True) as connection:
        parts: dict[str, int] = dict(connection.execute(_PARTS).fetchall())
        events, payload = connection.execute(_PAYLOADS).fetchone() or (0, 0)
    each = {f"{part}_bytes": size / events for part, size in parts.items()}
    return measured(
        "bytes_per_event",
        ours=sum(parts.values()) / events,
        limit=float(payload) / events,
        unit="bytes",
        at_most=AT_MOST,
        detail=each,
    )


def _fill(stage: Stage) -> None:
    """Four of seven events are mails sent, two imported contacts, one an opening; few decisions."""
    workspace, campaign = uuid4(), uuid4()
    facts = sent_facts(SENT, campaign) + contact_facts(CONTACTS)
    opened = [_opened(fact, n) for n, fact in enumerate(facts[:OPENED])]
    for told in (facts, opened):
        for at in range(0, len(told), BATCH):
            stage.app.log.record(told[at : at + BATCH], stage.context(workspace))
    for _ in range(DECISIONS):
        decide_one(stage.app.log)


def _opened(sent: Fact, number: int) -> Fact:
    event = EmailOpened(
        message_id=sent.fact_id,
        campaign_id=sent.fact_id,
        contact_id=sent.fact_id,
        user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        ip="198.51.100.0",
    )
    return Fact(derive_id(sent.fact_id.int >> 80, number.to_bytes(4, "big"), b"opened"), event)
