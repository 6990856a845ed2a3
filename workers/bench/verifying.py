"""How fast the log is sealed, and how fast it is verified against its seals."""

import time
from uuid import uuid4

import psycopg

from infra.crypto.signing import SigningKey
from infra.eventstore.log_verify import LogVerifier
from infra.eventstore.sealer import EVENTS_A_STEP, seal_next
from infra.postgres.connections import Role
from workers.bench import bare
from workers.bench.facts import sent_facts
from workers.bench.measure import Measured, measured, rate
from workers.bench.stage import Stage

EVENTS = 200_000
BATCH = 1_000


def log_seal(stage: Stage) -> Measured:
    """Seal a full log; the limit is reading it."""
    fill(stage, EVENTS)
    limit = _rate_of_reading(stage)
    seconds, events = _seal(stage)
    return measured("log_seal", ours=events / seconds, limit=limit, unit="events/s")


def log_verify(stage: Stage) -> Measured:
    """Verify a sealed log; the limit is reading it."""
    fill(stage, EVENTS)
    _seal(stage)
    limit = _rate_of_reading(stage)
    key = SigningKey(stage.settings.secret_key)
    with stage.worker.connection(Role.WORKER, bounded=False) as connection:
        verifier = LogVerifier(connection, keys={key.key_id: key.public_key})
        ours = rate(EVENTS, verifier.verify)
    return measured("log_verify", ours=ours, limit=limit, unit="events/s")


def fill(stage: Stage, count: int) -> None:
    """Record facts of two workspaces, in batches."""
    workspaces = uuid4(), uuid4()
    for at in range(0, count, BATCH):
        context = stage.context(workspaces[at // BATCH % 2])
        stage.app.log.record(sent_facts(BATCH, uuid4()), context)


def _seal(stage: Stage) -> tuple[float, int]:
    """Seal all there is; return the seconds and the number of events."""
    started, events = time.perf_counter(), 0
    with stage.worker.connection(Role.SEALER) as connection:
        key = SigningKey(stage.settings.secret_key)
        while sealed := seal_next(connection, key):
            events += sealed
            if sealed < EVENTS_A_STEP:
                break
    return time.perf_counter() - started, events


def _rate_of_reading(stage: Stage) -> float:
    with psycopg.connect(stage.superuser_dsn, autocommit=True) as connection:
        started = time.perf_counter()
        return bare.read_all(connection) / (time.perf_counter() - started)
