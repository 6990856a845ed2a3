"""A relay's permits from the event loop: wait for one, use it, give it back."""

import asyncio

from infra.postgres.relay_rates import Permit, RelayRate, RelayRates
from workers.dispatching.persistence import persist

ALL_HELD_S = 0.02  # until the next look when every permit is in use
LOOK_AHEAD_S = 0.05  # what is done before a block, such as the last look, is done in this time


class Turn:
    """One block's turn at a relay; without a rate it is always now."""

    def __init__(self, rates: RelayRates, rate: RelayRate | None) -> None:
        self._rates = rates
        self._rate = rate
        self._permit: Permit | None = None
        self._begins = 0.0

    async def come_near(self) -> None:
        """Take a permit and return a moment before it may be used."""
        rate = self._rate
        if rate is None:
            return
        permit = await persist(lambda: self._rates.take(rate))
        while permit is None:
            await asyncio.sleep(ALL_HELD_S)
            permit = await persist(lambda: self._rates.take(rate))
        self._permit = permit
        self._begins = _now() + permit.wait_s
        await asyncio.sleep(self._begins - LOOK_AHEAD_S - _now())

    async def begin(self) -> None:
        """Return when the first byte may go out."""
        if self._permit is not None:
            await asyncio.sleep(self._begins - _now())

    async def end(self) -> None:
        """Give the permit back once the block has its answers."""
        if (permit := self._permit) is not None:
            answered_at = _now()
            await persist(lambda: self._rates.free(permit, answered_at=answered_at))


def _now() -> float:
    return asyncio.get_running_loop().time()
