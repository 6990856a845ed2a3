"""What is measured of a running engine, at one moment."""

import msgspec

from infra.postgres.connections import Pool
from infra.postgres.parked_events import WAITS
from infra.projecting.beside import Rebuilding, rebuilding
from infra.projecting.lag import Lag, lags

_PARKED = """
SELECT follower, CASE reason WHEN %s THEN 'waiting' ELSE 'failed' END, count(*)
  FROM parked_events GROUP BY 1, 2
"""
_BEATS = """
SELECT worker, greatest(0, extract(epoch FROM clock_timestamp() - beat_at))::float8 FROM heartbeats
"""


class Figures(msgspec.Struct, frozen=True):
    """The log, its followers, what is parked (follower and state), seconds since each beat."""

    head: int
    horizon: int
    lags: list[Lag]
    parked: dict[tuple[str, str], int]
    heartbeats: dict[str, float]
    rebuilds: list[Rebuilding]


def figures(pool: Pool) -> Figures:
    """Measure; cheap on a log of any length."""
    with pool.connection() as connection:
        row = connection.execute("SELECT log_horizon(), log_head()").fetchone() or (0, 0)
        parked = {
            (follower, state): count
            for follower, state, count in connection.execute(_PARKED, (WAITS,))
        }
        beats: dict[str, float] = dict(connection.execute(_BEATS).fetchall())
        rebuilds = rebuilding(connection)
    return Figures(
        head=int(row[1]),
        horizon=int(row[0]),
        lags=lags(pool),
        parked=parked,
        heartbeats=beats,
        rebuilds=rebuilds,
    )
