"""Long jobs of which a worker takes one at a time: imports, exports."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar
from uuid import UUID

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.bootstrap import Adapters
from infra.postgres.advisory_locks import lock_number, try_lock
from infra.postgres.connections import Role
from infra.postgres.heartbeats import beat
from workers.runtime import BEAT_EVERY_S

log = structlog.get_logger()
J = TypeVar("J")


def work_on_one(
    jobs: Iterable[J], work: Callable[[J], bool], *, id_of: Callable[[J], UUID]
) -> bool:
    """Work on the first job that can be worked on now; tells whether there was one.

    A job that breaks is left for a later step and does not hold up the ones behind it. Raises
    its error when there was nothing else to do.
    """
    broken: Exception | None = None
    for job in jobs:
        try:
            if work(job):
                return True
        except Exception as error:
            log.exception("job_interrupted", job_id=str(id_of(job)), error=error)
            broken = broken or error
    if broken:
        raise broken
    return False


@contextmanager
def alone(
    adapters: Adapters, lock_class: int, job_id: UUID
) -> Iterator[Connection[TupleRow] | None]:
    """Yield a connection that holds the job's lock; None while another process works on it."""
    with adapters.connection(Role.WORKER) as connection:
        yield connection if try_lock(connection, lock_class, lock_number(job_id)) else None


class Heartbeat:
    """Says every few seconds that a worker is alive, also in the middle of a long job."""

    def __init__(self, adapters: Adapters, worker: str) -> None:
        self._adapters = adapters
        self._worker = worker
        self._beat_at = 0.0

    def beat(self) -> None:
        """Say so when the last time is long enough ago."""
        if monotonic() - self._beat_at > BEAT_EVERY_S:
            beat(self._adapters.pool, self._worker)
            self._beat_at = monotonic()
