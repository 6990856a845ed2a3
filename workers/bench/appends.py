"""How fast facts and decisions get into the log."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from uuid import UUID, uuid4

import psycopg

from domain.shared.model import Fact
from infra.eventstore.rivals import locked_log, stock_decisions
from infra.postgres.connections import Role, role_dsn
from workers.bench import bare
from workers.bench.facts import contact_facts, sent_facts
from workers.bench.load import CLIENTS, decide_beside_bulk, decide_one, tail
from workers.bench.measure import Measured, measured, quantile, rate, rates
from workers.bench.stage import Stage

EVENTS = 60_000
SEALED = 20_000
DECISIONS = 6_000


def append_record(stage: Stage) -> Measured:
    """Record facts without personal data in batches of 1,000."""
    facts = sent_facts(EVENTS, uuid4())
    return _record("append_record", stage, facts, workspace=uuid4(), at_least=0.75)


def append_record_sealed(stage: Stage) -> Measured:
    """Record facts with two sealed fields, of persons whose keys the vault knows."""
    facts, workspace = contact_facts(SEALED), uuid4()
    for batch in _batches(facts):
        people = {fact.fact_id for fact in batch}
        stage.app.vault.ciphers(workspace, people, mint=True)
    return _record("append_record_sealed", stage, facts, workspace=workspace, at_least=0.4)


def append_record_sealed_new(stage: Stage) -> Measured:
    """Record facts with two sealed fields, each of a new person: a key is minted on the way."""
    facts = contact_facts(SEALED)
    return _record("append_record_sealed_new", stage, facts, workspace=uuid4(), at_least=0.25)


def append_decide_16(stage: Stage) -> Measured:
    """Decide from 16 clients, one event each; the limit is the library's recorder as it comes."""
    each = DECISIONS // CLIENTS
    decide_one(stage.app.log)
    row = ("campaigns.campaign_drafted.v1", b"x" * 150)
    with stock_decisions(stage.superuser_dsn, size=CLIENTS) as append:
        append(uuid4(), *row)
        ours, limit = rates(
            each * CLIENTS // 4,
            [
                (
                    _from_clients(lambda: decide_one(stage.app.log), each // 4),
                    _from_clients(lambda: append(uuid4(), *row), each // 4),
                )
                for _ in range(4)
            ],
        )
    workspace, rows = uuid4(), [(uuid4(), *row) for _ in range(DECISIONS)]
    with bare.bare_events(stage.superuser_dsn):
        insert = partial(bare.insert_from_clients, stage.superuser_dsn, workspace, clients=CLIENTS)
        floor = rate(DECISIONS, lambda: insert(rows))
    detail = {"bare_inserts_per_s": floor}
    return measured(
        "append_decide_16", ours=ours, limit=limit, unit="events/s", at_least=2, detail=detail
    )


def append_decide_beside_bulk(stage: Stage) -> Measured:
    """Decide from 16 clients beside a bulk writer; the limit takes the library's table lock."""
    decide_one(stage.app.log)
    ours = decide_beside_bulk(stage.app.log, stage.environment, seconds=stage.seconds)
    with psycopg.connect(stage.superuser_dsn, autocommit=True) as connection:
        connection.execute("GRANT MAINTAIN ON events TO engine_app")
    dsn = role_dsn(stage.settings.database_url, Role.APP, stage.settings.secret_key)
    with locked_log(dsn, stage.app.mapper, size=CLIENTS) as twin:
        decide_one(twin)
        locked = decide_beside_bulk(twin, stage.environment, seconds=stage.seconds, locked=True)
    return measured(
        "append_decide_beside_bulk",
        ours=ours.rate,
        limit=locked.rate,
        unit="events/s",
        at_least=8,
        detail={
            "p99_ms": quantile(ours.latencies_s, 0.99) * 1000,
            "locked_p99_ms": quantile(locked.latencies_s, 0.99) * 1000,
            "bulk_events_per_s": ours.bulk_events / ours.seconds,
            "locked_bulk_events_per_s": locked.bulk_events / locked.seconds,
        },
    )


def reader_missed(stage: Stage) -> Measured:
    """Follow the log beside that load; nothing may be missed, repeated or out of order."""
    decide_one(stage.app.log)
    after = stage.worker.reader.horizon()
    with tail(stage.environment, after) as seen:
        decide_beside_bulk(stage.app.log, stage.environment, seconds=stage.seconds)
    with psycopg.connect(stage.superuser_dsn) as connection:
        query = "SELECT position FROM events WHERE position > %s ORDER BY position"
        written = [position for (position,) in connection.execute(query, (after,))]
    return measured(
        "reader_missed",
        ours=len(set(written) - set(seen)),
        limit=0,
        unit="events",
        at_most=0,
        detail={
            "written": len(written),
            "repeated_or_out_of_order": sum(a >= b for a, b in pairwise(seen)),
            "seconds": stage.seconds,
        },
    )


def _from_clients(work: Callable[[], object], times: int) -> Callable[[], None]:
    def client() -> None:
        for _ in range(times):
            work()

    return partial(bare.run_in_threads, [client] * CLIENTS)


def _batches(facts: Sequence[Fact]) -> list[Sequence[Fact]]:
    return [facts[at : at + bare.BATCH] for at in range(0, len(facts), bare.BATCH)]


def _record(
    name: str, stage: Stage, facts: Sequence[Fact], *, workspace: UUID, at_least: float
) -> Measured:
    """Record and insert the same rows batch by batch in turns."""
    stage.app.log.record(facts[:1], stage.context(uuid4()))
    payloads = stage.app.mapper.encode(uuid4(), [fact.event for fact in facts])
    rows = [
        (fact.fact_id, fact.event.TAG, data) for fact, data in zip(facts, payloads, strict=True)
    ]
    with bare.bare_events(stage.superuser_dsn) as connection:

        def works(
            at: int, batch: Sequence[Fact]
        ) -> tuple[Callable[[], object], Callable[[], object]]:
            start = at * bare.BATCH
            return (
                lambda: stage.app.log.record(batch, stage.context(workspace)),
                lambda: bare.insert(connection, workspace, rows[start : start + bare.BATCH]),
            )

        pairs = [works(at, batch) for at, batch in enumerate(_batches(facts))]
        ours, limit = rates(bare.BATCH, pairs)
    return measured(name, ours=ours, limit=limit, unit="events/s", at_least=at_least)
