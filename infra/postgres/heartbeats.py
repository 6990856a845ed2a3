"""Which workers are alive, by their own word."""

import psycopg
import structlog

from infra.postgres.connections import Pool

log = structlog.get_logger()


def beat(pool: Pool, worker: str, detail: str = "") -> None:
    """Say that this worker is alive; a database that is away is no reason to die."""
    try:
        with pool.connection() as connection:
            connection.execute(
                "INSERT INTO heartbeats (worker, detail) VALUES (%s, %s) ON CONFLICT (worker)"
                " DO UPDATE SET beat_at = clock_timestamp(), detail = excluded.detail",
                (worker, detail),
            )
    except psycopg.Error as error:
        log.warning("heartbeat_failed", worker=worker, error=error)


def beating(pool: Pool, *, within_s: float) -> set[str]:
    """Return the workers whose last heartbeat is younger than that."""
    with pool.connection() as connection:
        rows = connection.execute(
            "SELECT worker FROM heartbeats"
            " WHERE clock_timestamp() - beat_at < make_interval(secs => %s)",
            (within_s,),
        ).fetchall()
    return {row[0] for row in rows}
