"""How far each follower of the log is behind it."""

import msgspec

from infra.eventstore.event_types import context_of
from infra.postgres.connections import Pool
from infra.postgres.parked_events import count_parked
from projections.registry import PROJECTIONS

COUNT_UPTO = 100_000


class Lag(msgspec.Struct, frozen=True):
    """One follower: `events` it has not seen (counted up to 100,000), the age of the oldest."""

    follower: str
    position: int
    horizon: int
    events: int
    seconds: float
    parked: int


def lags(pool: Pool) -> list[Lag]:
    """Return the relay's and every active projection's lag."""
    with pool.connection() as connection:
        head = connection.execute("SELECT log_horizon(), now()").fetchone()
        horizon, now = (int(head[0]), head[1]) if head else (0, None)
        followers: list[tuple[str, int]] = connection.execute(
            "SELECT 'relay', position FROM relay_cursor"
            " UNION ALL (SELECT name, position FROM projections WHERE active ORDER BY name)"
        ).fetchall()
        found = []
        for name, position in followers:
            contexts = PROJECTIONS[name].contexts if name in PROJECTIONS else None
            waiting = connection.execute(
                "SELECT tag, recorded_at FROM events WHERE position > %s AND position <= %s"
                " ORDER BY position LIMIT %s",
                (position, horizon, COUNT_UPTO),
            ).fetchall()
            mine = [at for tag, at in waiting if contexts is None or context_of(tag) in contexts]
            age = (now - mine[0]).total_seconds() if mine and now else 0.0
            parked = count_parked(connection, name)
            found.append(Lag(name, position, horizon, len(mine), round(age, 1), parked))
    return found
