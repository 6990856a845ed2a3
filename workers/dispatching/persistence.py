"""Database work from the event loop: in a thread, again and again while the database is away."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from workers.runtime import Backoff

log = structlog.get_logger()

T = TypeVar("T")
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)


async def persist(work: Callable[[], T]) -> T:
    """Run idempotent work until the database takes it; other errors are the caller's."""
    backoff = Backoff()
    while True:
        try:
            return await asyncio.to_thread(work)
        except AWAY as error:
            pause = backoff.pause()
            log.warning("database_away", error=error, retry_in_s=pause)
            await asyncio.sleep(pause)
