"""A dispatcher's own lease: the right to begin a message, and the time, both of the database."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from infra.postgres.dispatcher_leases import DispatcherLeases, LeaseLostError

RUN_OUT = "this dispatcher's lease has run out"


class Lease:
    """One life's lease under its id. `clock` is monotonic: between two answers it alone counts.

    A process that was stopped, or cut off, for longer than the lease cannot know whether others
    have its messages by now; the lease is counted from before it was asked for, so that here it
    never ends later than in the database.
    """

    def __init__(
        self,
        leases: DispatcherLeases,
        *,
        owner: UUID,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._leases = leases
        self._owner = owner
        self._clock = clock
        self._until = float("-inf")
        self._known: tuple[float, datetime] | None = None  # the database's time, and when that was

    def sign_on(self) -> None:
        """Begin to be alive."""
        self._take(self._leases.sign_on)

    def renew(self) -> None:
        """Stay alive. Raises LeaseLostError when that is too late."""
        self._take(self._leases.renew)

    def sign_off(self) -> None:
        """End now: nothing more is begun, what still carries the id is recovered."""
        self._until = float("-inf")
        self._leases.sign_off(self._owner)

    def why_not(self) -> str | None:
        """Return why no message may be begun; None while the lease certainly lasts."""
        return None if self._clock() < self._until else RUN_OUT

    def now(self) -> datetime:
        """Return the time as the database tells it, whatever this machine's clock does.

        Raises LeaseLostError before the first lease, when nobody has told it yet.
        """
        if self._known is None:
            raise LeaseLostError(f"dispatcher {self._owner} has not signed on")
        heard, told = self._known
        return told + timedelta(seconds=self._clock() - heard)

    def _take(self, take: Callable[[UUID], datetime]) -> None:
        asked = self._clock()
        told = take(self._owner)
        self._known = self._clock(), told
        self._until = asked + self._leases.lease_s
