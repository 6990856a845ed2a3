"""A relay's permits from the event loop: wait for some, use them, give them back."""

import asyncio
import time
from collections.abc import Sequence
from math import ceil

from infra.postgres.relay_rates import Permit, RelayRate, RelayRates
from workers.dispatching.persistence import persist

ALL_HELD_S = 0.02  # until the next look when every permit is in use
TIMER_S = 0.001  # a timer of the loop may be early by so much
LOOK_AHEAD_S = 0.06  # the handover's record and the last look are done in this time


class Turn:
    """What is sent together at a relay, block by block; without a rate it is one block, now."""

    def __init__(self, rates: RelayRates, rate: RelayRate | None) -> None:
        self._rates = rates
        self._rate = rate
        self._permits: Sequence[Permit] = ()
        self._again: dict[Permit, float] = {}

    async def come_near(self, wanted: int) -> int:
        """Take permits for so many messages; return a moment before, and for how many they are."""
        rate = self._rate
        if rate is None:
            return wanted
        blocks = ceil(wanted / rate.block)
        while not self._permits:
            self._permits = await persist(lambda: self._rates.take(rate, blocks=blocks))
            if not self._permits:
                await asyncio.sleep(ALL_HELD_S)
        # What is not used is good for somebody else from the same moment on.
        self._again = {permit: permit.begins for permit in self._permits}
        await asyncio.sleep(self._permits[0].begins - LOOK_AHEAD_S - time.monotonic())
        return len(self._permits) * rate.block

    @property
    def block(self) -> int | None:
        """How many messages one permit is for; None for any number."""
        return self._rate.block if self._rate else None

    async def begin(self, number: int = 0) -> None:
        """Return when the first byte of the block with that number may go out."""
        if self._permits:
            early_s = self._permits[number].begins - time.monotonic()
            await asyncio.sleep(early_s + TIMER_S if early_s > 0 else 0)

    def answered(self, number: int = 0) -> None:
        """Note that the last answer for that block has come."""
        if self._rate is not None:
            self._again[self._permits[number]] = time.monotonic() + self._rate.window_s

    async def end(self) -> None:
        """Give the permits back."""
        if (rate := self._rate) is not None and self._again:
            again = list(self._again.items())
            await persist(lambda: self._rates.free(rate, again))
