"""Let workers do what there is to do, in this process."""

import asyncio

from infra.bootstrap import Adapters
from projections.registry import PROJECTIONS
from workers.importer import Importer
from workers.projector import Projector
from workers.runtime import Stop


def run_imports(worker: Adapters) -> None:
    importer, stop = Importer(worker), Stop()
    while importer.step(stop):
        pass


def catch_up(worker: Adapters) -> None:
    """Bring every read model to the end of the log, without NATS."""
    live = Projector(worker, PROJECTIONS.values())
    live.feed([])
    asyncio.run(live.close())
