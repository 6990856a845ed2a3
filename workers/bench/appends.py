"""How fast facts and decisions get into the log."""

import time
from collections.abc import Sequence
from uuid import UUID, uuid4

from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN
from domain.contacts.events import ContactImported
from domain.delivery.events import EmailSent
from domain.shared.ids import derive_id
from domain.shared.model import Event, Fact
from workers.bench import bare
from workers.bench.measure import Measured, measured, rate
from workers.bench.stage import Stage

EVENTS = 60_000
DECISIONS = 6_000
CLIENTS = 16


def sent_facts(count: int, campaign: UUID) -> list[Fact]:
    """Return facts without personal data."""
    at = int(time.time() * 1000)
    ids = [derive_id(at, uuid4().bytes) for _ in range(count)]
    return [
        Fact(
            i, EmailSent(message_id=i, campaign_id=campaign, contact_id=i, attempt=1, relay="relay")
        )
        for i in ids
    ]


def contact_facts(count: int) -> list[Fact]:
    """Return facts with two sealed fields, each of a person of its own."""
    at, batch = int(time.time() * 1000), uuid4()
    ids = [derive_id(at, uuid4().bytes) for _ in range(count)]
    return [
        Fact(
            i,
            ContactImported(
                contact_id=i,
                import_id=batch,
                row=n,
                email=f"person.{n}@example.com",
                first_name=f"Person {n}",
            ),
        )
        for n, i in enumerate(ids)
    ]


def append_record(stage: Stage) -> Measured:
    """Record facts in batches of 1,000."""
    return _record("append_record", stage, sent_facts(EVENTS, uuid4()))


def append_record_sealed(stage: Stage) -> Measured:
    """Record facts with two sealed fields, keys minted on the way."""
    return _record("append_record_sealed", stage, contact_facts(EVENTS // 3))


def append_decide(stage: Stage) -> Measured:
    """Decide from 16 clients, one event each."""
    workspace = uuid4()

    def decide() -> None:
        campaign = uuid4()
        stage.app.log.decide(
            CAMPAIGN,
            campaign,
            lambda c: decider.draft(c, campaign_id=campaign, name="bench", template_id=campaign),
            stage.context(workspace),
        )

    def client() -> None:
        for _ in range(DECISIONS // CLIENTS):
            decide()

    decide()
    ours = rate(DECISIONS, lambda: bare.run_in_threads([client] * CLIENTS))
    rows: list[bare.Row] = [
        (uuid4(), "campaigns.campaign_drafted.v1", b"x" * 150) for _ in range(DECISIONS)
    ]
    with bare.bare_events(stage.superuser_dsn):
        limit = rate(
            DECISIONS,
            lambda: bare.insert_from_clients(stage.superuser_dsn, workspace, rows, clients=CLIENTS),
        )
    return measured("append_decide", ours=ours, limit=limit, unit="events/s")


def _record(name: str, stage: Stage, facts: Sequence[Fact]) -> Measured:
    workspace = uuid4()
    batches = [facts[at : at + bare.BATCH] for at in range(0, len(facts), bare.BATCH)]
    stage.app.log.record(facts[:1], stage.context(uuid4()))

    def record() -> None:
        for batch in batches:
            stage.app.log.record(batch, stage.context(workspace))

    payloads = stage.app.mapper.encode(uuid4(), [fact.event for fact in facts])
    rows = [_row(fact, payload) for fact, payload in zip(facts, payloads, strict=True)]
    with bare.bare_events(stage.superuser_dsn) as connection:

        def insert() -> None:
            for at in range(0, len(rows), bare.BATCH):
                bare.insert(connection, workspace, rows[at : at + bare.BATCH])

        limit = rate(len(facts), insert)
    ours = rate(len(facts), record)
    return measured(name, ours=ours, limit=limit, unit="events/s")


def _row(fact: Fact, payload: bytes) -> bare.Row:
    event: Event = fact.event
    return fact.fact_id, event.TAG, payload
