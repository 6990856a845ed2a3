"""The workers that the command line waits for, running in threads without NATS."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from infra.bootstrap import Adapters
from infra.postgres.checkpoints import Checkpoints
from infra.postgres.connections import Role
from infra.postgres.heartbeats import beat
from infra.settings import Settings
from projections.registry import PROJECTIONS
from tests.support.cli import until
from workers import importer
from workers.projector import Projector
from workers.runtime import Stop

LOOK_EVERY_S = 0.2


@contextmanager
def running_workers(settings: Settings, *names: str) -> Iterator[None]:
    """Run the named workers (importer, projector) until the block ends.

    With a projector the block begins when the read models have what the log has by then: what a
    test founded before is there for whoever asks.
    """
    stop = Stop()
    threads = [Thread(target=_run, args=(WORKERS[name], settings, stop)) for name in names]
    for thread in threads:
        thread.start()
    try:
        if "projector" in names:
            _wait_for_what_is_there(settings)
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _wait_for_what_is_there(settings: Settings) -> None:
    adapters = Adapters(settings, role=Role.WORKER, name="test-wait")
    try:
        head = adapters.reader.horizon()
        places = Checkpoints(adapters.pool)
        until(lambda: places.lowest(list(PROJECTIONS)) >= head)
    finally:
        adapters.close()


def _run(work: Callable[[Adapters, Stop], None], settings: Settings, stop: Stop) -> None:
    adapters = Adapters(settings, role=Role.WORKER, name="test-thread")
    try:
        work(adapters, stop)
    finally:
        adapters.close()


def _project(adapters: Adapters, stop: Stop) -> None:
    live = Projector(adapters, PROJECTIONS.values())
    while not stop:
        beat(adapters.pool, "projector")
        live.feed([])
        stop.wait(LOOK_EVERY_S)
    asyncio.run(live.close())


WORKERS: dict[str, Callable[[Adapters, Stop], None]] = {
    "importer": importer.run,
    "projector": _project,
}
