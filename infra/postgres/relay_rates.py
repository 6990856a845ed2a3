"""Permits that all dispatchers of a relay share: at the allowed rate, never above it.

A permit is good for one block and free again a window after the last answer for that block: a
block that was late cannot push a later second above the allowance, whoever sends it.
"""

import time
from collections.abc import Sequence
from math import floor
from uuid import UUID

import msgspec

from infra.postgres.connections import Pool

BLOCK_S = 0.005  # a block is what the rate allows in this time, at least one message
CHUNK_S = 0.02  # so much is handed over together: what a crash leaves in doubt, six times
SPACING = 0.9  # of an even share: how close blocks may begin to catch up with what was late

_SET = """
INSERT INTO relay_rates (relay, rate_per_s, permits, window_s, granted_until)
VALUES (%(relay)s, %(rate_per_s)s, %(permits)s, %(window_s)s, '-infinity')
ON CONFLICT (relay) DO UPDATE SET rate_per_s = excluded.rate_per_s,
    permits = excluded.permits, window_s = excluded.window_s
"""
# Permits beyond the allowance stay: they are not given out, and keep their time for a higher one.
_SLOTS = """
INSERT INTO relay_slots (relay, slot) SELECT %(relay)s, generate_series(0, %(permits)s - 1)
ON CONFLICT DO NOTHING
"""
_TAKE = "SELECT slot, wait_s FROM take_relay_slots(%s, %s, %s, %s)"
_FREE = "SELECT free_relay_slots(%s, %s, %s, %s)"


class RelayRate(msgspec.Struct, frozen=True):
    """The allowance of one relay; `block` messages are granted at a time."""

    relay: str
    rate_per_s: float

    @property
    def block(self) -> int:
        """How many messages one permit is for."""
        return max(1, floor(self.rate_per_s * BLOCK_S))

    @property
    def chunk(self) -> int:
        """How many messages are handed over together: a crash leaves no more of one in doubt."""
        return max(1, floor(self.rate_per_s * CHUNK_S))

    @property
    def permits(self) -> int:
        """How many blocks fit into a window."""
        return max(1, floor(self.rate_per_s / self.block))

    @property
    def window_s(self) -> float:
        """The window in which all permits together are exactly the rate: a second, or nearly."""
        return self.permits * self.block / self.rate_per_s


class Permit(msgspec.Struct, frozen=True):
    """The right to send one block from `begins` on, by the monotonic clock."""

    slot: int
    begins: float


class RelayRates:
    """The table of allowances, by the database's clock; `holder` is the dispatcher's id."""

    def __init__(self, pool: Pool, *, holder: UUID) -> None:
        self._pool = pool
        self._holder = holder

    def allow(self, rate: RelayRate) -> None:
        """Set the allowance of a relay."""
        values = {
            "relay": rate.relay,
            "rate_per_s": rate.rate_per_s,
            "permits": rate.permits,
            "window_s": rate.window_s,
        }
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(_SET, values)
            connection.execute(_SLOTS, values)

    def take(self, rate: RelayRate, *, blocks: int = 1) -> Sequence[Permit]:
        """Take the next permits, at most `blocks`; none while all are held."""
        values = (rate.relay, self._holder, SPACING, blocks)
        with self._pool.connection() as connection:
            rows = connection.execute(_TAKE, values).fetchall()
        now = time.monotonic()  # later than the database's: no permit is used too early
        return [Permit(slot, now + wait_s) for slot, wait_s in rows]

    def free(self, rate: RelayRate, again: Sequence[tuple[Permit, float]]) -> None:
        """Give permits back, each with when it may be used again, by the monotonic clock."""
        with self._pool.connection() as connection:
            now = time.monotonic()
            slots = [permit.slot for permit, _ in again]
            connection.execute(
                _FREE, (rate.relay, slots, self._holder, [at - now for _, at in again])
            )
