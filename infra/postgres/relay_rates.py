"""Slots that all dispatchers of a relay share: at the allowed rate, never above it."""

from math import floor

import msgspec

from infra.postgres.connections import Pool

BLOCK_S = 0.02  # a block is what the rate allows in this time, at least one message
# Slots lie so much further apart, so that a late block before an early one, by up to 10 ms, does
# not push a second above its allowance.
HEADROOM = 0.99

_SET = """
INSERT INTO relay_rates (relay, rate_per_s) VALUES (%s, %s)
ON CONFLICT (relay) DO UPDATE SET rate_per_s = excluded.rate_per_s
"""
# Nothing is saved up: a slot begins now at the earliest, and a block's time after the last one.
_RESERVE = """
UPDATE relay_rates
   SET granted_until = greatest(granted_until + make_interval(secs => %s / rate_per_s),
                                clock_timestamp())
 WHERE relay = %s
RETURNING extract(epoch FROM granted_until - clock_timestamp())
"""


class RelayRate(msgspec.Struct, frozen=True):
    """The allowance of one relay; `block` messages are granted at a time."""

    relay: str
    rate_per_s: float

    @property
    def block(self) -> int:
        """How many messages one slot is for."""
        return max(1, floor(self.rate_per_s * BLOCK_S))

    @property
    def slotted_rate_per_s(self) -> float:
        """The rate that is used: whole blocks fit into a second."""
        blocks = self.rate_per_s if self.block == 1 else floor(self.rate_per_s / self.block)
        return blocks * self.block * HEADROOM


class RelayRates:
    """The table of allowances, by the database's clock."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def allow(self, rate: RelayRate) -> None:
        """Set the allowance of a relay."""
        with self._pool.connection() as connection:
            connection.execute(_SET, (rate.relay, rate.slotted_rate_per_s))

    def reserve(self, rate: RelayRate) -> float:
        """Reserve the next slot, good for one block; returns the seconds until it begins."""
        with self._pool.connection() as connection:
            row = connection.execute(_RESERVE, (float(rate.block), rate.relay)).fetchone()
        if row is None:
            raise LookupError(f"no allowance is set for the relay {rate.relay}")
        return max(float(row[0]), 0.0)
