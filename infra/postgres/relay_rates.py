"""Permits that all dispatchers of a relay share: at the allowed rate, never above it.

A permit is good for one block and free again a window after the last answer for that block: a
block that was late cannot push a later second above the allowance, whoever sends it.
"""

import time
from math import floor
from uuid import UUID

import msgspec

from infra.postgres.connections import Pool

BLOCK_S = 0.02  # a block is what the rate allows in this time, at least one message
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
_TAKE = "SELECT slot, wait_s FROM take_relay_slot(%s, %s, %s)"
_FREE = "SELECT free_relay_slot(%s, %s, %s, %s)"


class RelayRate(msgspec.Struct, frozen=True):
    """The allowance of one relay; `block` messages are granted at a time."""

    relay: str
    rate_per_s: float

    @property
    def block(self) -> int:
        """How many messages one permit is for, and one handover: a crash leaves no more of it."""
        return max(1, floor(self.rate_per_s * BLOCK_S))

    @property
    def permits(self) -> int:
        """How many blocks fit into a window."""
        return max(1, floor(self.rate_per_s / self.block))

    @property
    def window_s(self) -> float:
        """The window in which all permits together are exactly the rate: a second, or nearly."""
        return self.permits * self.block / self.rate_per_s


class Permit(msgspec.Struct, frozen=True):
    """The right to send one block, from `wait_s` seconds after it was taken."""

    rate: RelayRate
    slot: int
    wait_s: float


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

    def take(self, rate: RelayRate) -> Permit | None:
        """Take the next permit; None while all are held by blocks that wait or are on the wire."""
        with self._pool.connection() as connection:
            row = connection.execute(_TAKE, (rate.relay, self._holder, SPACING)).fetchone()
        return Permit(rate, int(row[0]), max(float(row[1]), 0.0)) if row else None

    def free(self, permit: Permit, *, answered_at: float) -> None:
        """Give it back; `answered_at` is when the last answer came, by the monotonic clock."""
        with self._pool.connection() as connection:
            age_s = time.monotonic() - answered_at
            values = (permit.rate.relay, permit.slot, self._holder, age_s)
            connection.execute(_FREE, values)
