"""How fast events travel: log to JetStream, JetStream to read models, log to a rebuilt model."""

import asyncio
import threading
import time
from collections.abc import Sequence
from uuid import uuid4

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.crypto.key_wrap import NONCE_BYTES
from infra.eventstore.reader import LogRow
from infra.postgres.connections import Role
from infra.projecting.rebuild import Rebuilt, Shadow, rebuild
from projections.contact_list import ContactList
from projections.projection import Projection
from projections.registry import PROJECTIONS
from schemas.messages import Envelope
from workers.bench import bare
from workers.bench.facts import contact_facts, sent_facts
from workers.bench.measure import Measured, measured, rate
from workers.bench.stage import Stage
from workers.projector import LiveProjection
from workers.relay import Relay, envelopes

EVENTS = 100_000
REBUILT = 300_000  # contacts
SWAP_MS = 50  # at most
_BARE_CONTACTS = """
DROP TABLE IF EXISTS bare_contacts;
CREATE TABLE bare_contacts (
    workspace_id uuid, contact_id uuid, email text, first_name text, added_at timestamptz,
    PRIMARY KEY (workspace_id, contact_id)
)
"""


def relay(stage: Stage) -> Measured:
    """Publish a full log to JetStream; the limit is reading it."""
    asyncio.run(_publish_all(stage))  # what earlier benchmarks left
    count = _fill(stage, contacts=False)
    with psycopg.connect(stage.superuser_dsn, autocommit=True) as connection:
        read = _rate_of_reading(connection)
    ours = rate(count, lambda: asyncio.run(_publish_all(stage)))
    return measured("relay", ours=ours, limit=read, unit="events/s")


def project_stats(stage: Stage) -> Measured:
    """Fold envelopes into campaign figures; the limit is reading the log."""
    return _project("project_stats", stage, PROJECTIONS["campaign_stats"], contacts=False)


def project_contacts(stage: Stage) -> Measured:
    """Fold envelopes into one row a contact, opening what is sealed; the limit is unnest."""
    return _project("project_contacts", stage, PROJECTIONS["contact_list"], contacts=True)


def rebuild_contacts(stage: Stage) -> Measured:
    """Rebuild one row a contact with indexes and swap; the limit is unnest into a bare table.

    `unopened_per_s` is the same rebuild without keys and boxes; `crypto_us` is what these alone
    take of a contact in the tightest loop (two AES-GCM openings and one cipher): no rebuild by
    one process can be faster, however little it did besides.
    """
    for _ in range(REBUILT // EVENTS):
        _fill(stage, contacts=True)
    count = REBUILT
    limit = _bare_contacts(stage, EVENTS)
    unopened = rate(count, lambda: _rebuild(stage, _Unopened()))
    started = time.perf_counter()
    rebuilt = _rebuild(stage, PROJECTIONS["contact_list"])
    ours = count / (time.perf_counter() - started)
    return measured(
        "rebuild_contacts",
        ours=ours,
        limit=limit,
        unit="events/s",
        detail={
            "swap_ms": rebuilt.swap_ms,
            "unopened_per_s": unopened,
            "crypto_us": 1e6 / _crypto_rate(),
        },
    )


def swap_ms(stage: Stage) -> Measured:
    """Rebuild beside a reader; nobody may meet a table that is empty or not there."""
    _fill(stage, contacts=True)
    _rebuild(stage, PROJECTIONS["contact_list"])
    reads: list[tuple[float, int]] = []
    done = threading.Event()
    reader = threading.Thread(target=_read_on, args=(stage, done, reads))
    reader.start()
    rebuilt = _rebuild(stage, PROJECTIONS["contact_list"])
    done.set()
    reader.join()
    return measured(
        "swap_ms",
        ours=rebuilt.swap_ms,
        limit=SWAP_MS,
        unit="ms",
        at_most=1,
        detail={
            "reads": len(reads),
            "empty_reads": sum(not found for _, found in reads),
            "longest_read_ms": max(took for took, _ in reads) * 1000,
        },
    )


class _Unopened(ContactList):
    """The same rows without what is sealed."""

    opens = False


def _crypto_rate() -> float:
    """Return how many contacts a second the two openings of each allow."""
    house, nonce = AESGCM(bytes(32)), bytes(NONCE_BYTES)
    key = house.encrypt(nonce, bytes(32), bytes(16))
    box = house.encrypt(nonce, bytes(64), bytes(64))

    def open_all() -> None:
        for _ in range(EVENTS):
            AESGCM(house.decrypt(nonce, key, bytes(16))).decrypt(nonce, box, bytes(64))

    return rate(EVENTS, open_all)


def _read_on(stage: Stage, done: threading.Event, reads: list[tuple[float, int]]) -> None:
    with psycopg.connect(stage.superuser_dsn, autocommit=True) as connection:
        while not done.is_set():
            started = time.perf_counter()
            found = connection.execute("SELECT FROM contacts LIMIT 1").rowcount
            reads.append((time.perf_counter() - started, found))


def _rebuild(stage: Stage, projection: Projection) -> Rebuilt:
    with (
        stage.worker.connection(Role.MIGRATOR, bounded=False) as owner,
        stage.worker.connection(Role.WORKER, bounded=False) as filler,
    ):
        shadow = Shadow(
            projection, stage.worker.mapper, owner=owner, worker=filler, settings=stage.settings
        )
        return rebuild(shadow)


def _project(name: str, stage: Stage, projection: Projection, *, contacts: bool) -> Measured:
    live = LiveProjection(projection, stage.worker.mapper, stage.worker)
    live.owned()
    live.read_log()  # what earlier benchmarks left
    count = _fill(stage, contacts=contacts)
    messages = _envelopes(stage, after=live.position)

    def take() -> None:
        for at in range(0, len(messages), 20):
            live.take(messages[at : at + 20])

    if contacts:
        limit = _bare_contacts(stage, count)
    else:
        with psycopg.connect(stage.superuser_dsn, autocommit=True) as connection:
            limit = _rate_of_reading(connection)
    ours = rate(count, take)
    live.release()
    return measured(name, ours=ours, limit=limit, unit="events/s")


def _rate_of_reading(connection: Connection[TupleRow]) -> float:
    started = time.perf_counter()
    return bare.read_all(connection) / (time.perf_counter() - started)


def _envelopes(stage: Stage, *, after: int = 0) -> list[Envelope]:
    rows: list[LogRow] = [row for page in stage.worker.reader.pages(after) for row in page]
    published = dict.fromkeys(
        ("contacts", "delivery", "engagement", "campaigns", "content", "tenancy", "developer"),
        after,
    )
    return list(envelopes(rows, published))


def _fill(stage: Stage, *, contacts: bool) -> int:
    """Add events to the log; return how many."""
    workspace, campaign = uuid4(), uuid4()
    count = EVENTS
    facts = contact_facts(count) if contacts else sent_facts(count, campaign)
    for at in range(0, count, 5_000):
        stage.app.log.record(facts[at : at + 5_000], stage.context(workspace))
    return count


def _bare_contacts(stage: Stage, count: int) -> float:
    workspace = uuid4()
    rows: Sequence[tuple[object, ...]] = [
        (uuid4(), f"person.{n}@example.com", f"Person {n}") for n in range(count)
    ]

    with psycopg.connect(stage.superuser_dsn, autocommit=True) as connection:
        connection.execute(_BARE_CONTACTS)

        def insert() -> None:
            for at in range(0, count, 5_000):
                ids, emails, names = zip(*rows[at : at + 5_000], strict=True)
                connection.execute(
                    "INSERT INTO bare_contacts SELECT %b::uuid, c, e, f, now()"
                    " FROM unnest(%b::uuid[], %b::text[], %b::text[]) AS u(c, e, f)",
                    (workspace, list(ids), list(emails), list(names)),
                    binary=True,
                )

        limit = rate(count, insert)
        connection.execute("DROP TABLE bare_contacts")
    return limit


async def _publish_all(stage: Stage) -> None:
    mover = Relay(stage.worker)
    try:
        while await mover.step():
            pass
    finally:
        await mover.close()
