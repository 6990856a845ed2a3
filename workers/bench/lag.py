"""How long until what was appended is seen in a read model, the whole street in processes."""

import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from uuid import UUID, uuid4

from domain.shared.model import Fact
from infra.postgres.tenant_scope import tenant_scope
from workers.bench.facts import contact_facts
from workers.bench.measure import Measured, measured, quantile
from workers.bench.stage import Stage

BATCHES_A_SECOND = 40
USUAL = 2_000  # events a second
MANY = 10_000
BOUND_MS = 300
LOOK_EVERY_S = 0.002
GIVE_UP_S = 60.0

Told = tuple[UUID, float]  # the last contact of a batch, and when its append had returned


def lag_p99_ms(stage: Stage) -> Measured:
    """Append at a steady rate and look for the rows as a reader of the API does."""
    with ExitStack() as running:
        for role in ("relay", "projector"):
            running.enter_context(_process(stage, role))
        _lags(stage, rate=40, seconds=1)  # everybody is there
        usual, reached = _lags(stage, rate=USUAL, seconds=stage.seconds)
        many, reached_many = _lags(stage, rate=MANY, seconds=stage.seconds / 2)
    return measured(
        "lag_p99_ms",
        ours=quantile(usual, 0.99),
        limit=BOUND_MS,
        unit="ms",
        at_most=1,
        detail={
            "events_per_s": reached,
            "p50_ms": quantile(usual, 0.5),
            "max_ms": max(usual),
            "seconds": stage.seconds,
            "events_per_s_of_many": reached_many,
            "p50_ms_of_many": quantile(many, 0.5),
            "p99_ms_of_many": quantile(many, 0.99),
        },
    )


def _lags(stage: Stage, *, rate: int, seconds: float) -> tuple[Sequence[float], float]:
    """Return the lag of each batch in ms, and the events a second that were appended."""
    workspace, told = uuid4(), deque[Told]()
    size = rate // BATCHES_A_SECOND
    count = int(seconds * BATCHES_A_SECOND)
    facts = contact_facts(count * size)
    batches = [facts[at : at + size] for at in range(0, len(facts), size)]
    took: list[float] = []
    appending = threading.Thread(target=_append, args=(stage, workspace, batches, told, took))
    appending.start()
    lags = list(_seen(stage, workspace, told, count))
    appending.join()
    return lags, len(facts) / took[0]


def _append(
    stage: Stage,
    workspace: UUID,
    batches: Sequence[Sequence[Fact]],
    told: deque[Told],
    took: list[float],
) -> None:
    started = time.perf_counter()
    for at, batch in enumerate(batches):
        time.sleep(max(0.0, started + at / BATCHES_A_SECOND - time.perf_counter()))
        stage.app.log.record(batch, stage.context(workspace))
        told.append((batch[-1].fact_id, time.perf_counter()))
    took.append(time.perf_counter() - started)


def _seen(stage: Stage, workspace: UUID, told: deque[Told], count: int) -> Iterator[float]:
    """Yield the lag of each batch, in their order, when its last row can be read."""
    last = time.perf_counter()
    while count:
        time.sleep(LOOK_EVERY_S)
        with tenant_scope(stage.app.pool, workspace) as cursor:
            while told:
                contact, at = told[0]
                found = cursor.execute("SELECT FROM contacts WHERE contact_id = %s", (contact,))
                if not found.rowcount:
                    break
                last = time.perf_counter()
                yield (last - at) * 1000
                told.popleft()
                count -= 1
        if time.perf_counter() - last > GIVE_UP_S:
            raise TimeoutError(f"nothing new was to be seen for {GIVE_UP_S:.0f} s")


@contextmanager
def _process(stage: Stage, role: str) -> Iterator[None]:
    """Run a worker as a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "workers.cli.main", "worker", role],
        env=dict(stage.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()
