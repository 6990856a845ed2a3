"""Many who decide beside one who records in bulk, and a reader that follows them.

The bulk writer and the reader are processes of their own, as an importer and a relay are.
"""

import multiprocessing
import time
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import uuid4

import msgspec

from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN
from infra.bootstrap import Adapters
from infra.eventstore.log import PostgresEventLog
from infra.eventstore.rivals import locked_log
from infra.observability.logging import configure_logging
from infra.postgres.connections import Role, role_dsn
from infra.settings import load_settings
from workers.bench import bare
from workers.bench.facts import new_context, sent_facts

CLIENTS = 16
BULK = 5_000
_processes = multiprocessing.get_context("spawn")


class Load(msgspec.Struct, frozen=True):
    """What the clients got done in `seconds`, and the bulk writer beside them."""

    latencies_s: list[float]
    bulk_events: int
    seconds: float

    @property
    def rate(self) -> float:
        """Decisions a second."""
        return len(self.latencies_s) / self.seconds


def decide_one(log: PostgresEventLog) -> None:
    """Draft a campaign, as the API does: one event appended to a new stream."""
    campaign = uuid4()
    log.decide(
        CAMPAIGN,
        campaign,
        lambda c: decider.draft(c, campaign_id=campaign, name="bench", template_id=campaign),
        new_context(campaign),
        fresh=True,
    )


def decide_beside_bulk(
    log: PostgresEventLog, environment: Mapping[str, str], *, seconds: float, locked: bool = False
) -> Load:
    """Let 16 clients decide on `log` while a bulk writer records, `locked` as the library does."""
    latencies: list[list[float]] = [[] for _ in range(CLIENTS)]

    def client(mine: list[float], until: float) -> None:
        while (started := time.perf_counter()) < until:
            decide_one(log)
            mine.append(time.perf_counter() - started)

    with _beside(_record_in_bulk, environment, locked) as bulk:
        before, began = bulk.value, time.perf_counter()
        until = began + seconds
        bare.run_in_threads([partial(client, mine, until) for mine in latencies])
        took, bulk_events = time.perf_counter() - began, bulk.value - before
    return Load([one for mine in latencies for one in mine], bulk_events, took)


@contextmanager
def tail(environment: Mapping[str, str], after: int) -> Iterator["array[int]"]:
    """Follow the log from `after`; what is yielded holds every position seen once this ends."""
    seen: array[int] = array("q")
    with NamedTemporaryFile() as answer:
        with _beside(_follow, environment, after, answer.name):
            yield seen
        seen.frombytes(answer.read())


@contextmanager
def _beside(work: Any, *given: object) -> Iterator[Any]:  # noqa: ANN401 - any process's work
    """Run `work(stop, done, *given)` in a process until this ends; yields its counter `done`."""
    stop, done = _processes.Event(), _processes.Value("q", 0)
    process = _processes.Process(target=work, args=(stop, done, *given), daemon=True)
    process.start()
    while not done.value and process.is_alive():
        time.sleep(0.01)
    try:
        yield done
    finally:
        stop.set()
        process.join()
    if process.exitcode:
        raise RuntimeError("the process beside the clients failed; its traceback is above")


def _record_in_bulk(stop: Any, done: Any, environment: Mapping[str, str], locked: bool) -> None:  # noqa: ANN401, FBT001 - of multiprocessing
    configure_logging(service="bench", level="ERROR")
    settings = load_settings(environment)
    adapters = Adapters(settings, role=Role.APP, name="bench-bulk")
    dsn = role_dsn(settings.database_url, Role.APP, settings.secret_key)
    workspace, campaign = uuid4(), uuid4()
    with locked_log(dsn, adapters.mapper, size=1) as twin:
        log = twin if locked else adapters.log
        while not stop.is_set():
            log.record(sent_facts(BULK, campaign), new_context(workspace))
            done.value += BULK
    adapters.close()


def _follow(stop: Any, done: Any, environment: Mapping[str, str], after: int, answer: str) -> None:  # noqa: ANN401 - of multiprocessing
    configure_logging(service="bench", level="ERROR")
    adapters = Adapters(load_settings(environment), role=Role.WORKER, name="bench-reader")
    seen = array("q")
    done.value = 1  # it follows
    while True:
        last = stop.is_set()  # nobody writes any more: what is read now is the rest
        for page in adapters.reader.pages(after):
            seen.extend(row.position for row in page)
            after = page[-1].position
        if last:
            break
    adapters.close()
    Path(answer).write_bytes(seen.tobytes())
