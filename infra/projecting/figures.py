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

# How often kill switches were changed, and up to which change the slowest dispatcher has confirmed.
_SWITCHES = """
SELECT e.epoch, (SELECT min(coalesce(a.epoch, 0)) FROM dispatchers d
                   LEFT JOIN switch_acknowledgements a USING (dispatcher_id)
                  WHERE d.alive_until > clock_timestamp())
  FROM kill_switch_epoch e
"""


class Figures(msgspec.Struct, frozen=True):
    """The log, its followers, what is parked (follower and state), seconds since each beat."""

    head: int
    horizon: int
    lags: list[Lag]
    parked: dict[tuple[str, str], int]
    heartbeats: dict[str, float]
    rebuilds: list[Rebuilding]
    switch_epoch: int
    switch_epoch_confirmed: int | None


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
        switches = connection.execute(_SWITCHES).fetchone() or (0, None)
    return Figures(
        head=int(row[1]),
        horizon=int(row[0]),
        lags=lags(pool),
        parked=parked,
        heartbeats=beats,
        rebuilds=rebuilds,
        switch_epoch=switches[0],
        switch_epoch_confirmed=switches[1],
    )
