"""Blocks of tokens that a process holds, so that a hot bucket costs a statement a block.

Still exact: a token is taken from the shared bucket before anybody gets it. What processes hold
at one time adds to the burst that can be seen, at most `MOST` a bucket and process.
"""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from time import monotonic

from commands.ports import Grant
from infra.postgres.rate_buckets import RateBuckets

MOST = 32
SHARE = 16  # a block is at most this part of the capacity: a small bucket is not hoarded
HOT_S = 1.0  # a block that is used up within this time is followed by one twice as large
HELD = 20_000  # buckets that are remembered; the one not asked for longest is forgotten


class _Lease:
    def __init__(self) -> None:
        self.lock = Lock()
        self.tokens = 0.0
        self.block = 1.0
        self.taken_at = 0.0
        self.remaining = 0.0  # in the shared bucket, when we last looked
        self.dry_until = 0.0  # before that the shared bucket cannot have enough


class TokenLeases:
    """Takes like `RateBuckets`, one token at a time."""

    def __init__(self, buckets: RateBuckets, *, clock: Callable[[], float] = monotonic) -> None:
        self._buckets = buckets
        self._clock = clock
        self._lock = Lock()
        self._leases: OrderedDict[str, _Lease] = OrderedDict()

    def held(self, bucket: str) -> Grant | None:
        """Answer from memory, without waiting; None when the database has to be asked."""
        lease = self._lease(bucket)
        if not lease.lock.acquire(blocking=False):
            return None
        try:
            return self._from_memory(lease)
        finally:
            lease.lock.release()

    def take(self, bucket: str, capacity: float, refill_per_s: float) -> Grant:
        """Take one token, from memory or with the next block. Raises BucketsOutError.

        Whoever comes while a block is fetched waits for it.
        """
        lease = self._lease(bucket)
        with lease.lock:
            known = self._from_memory(lease)
            if known is not None:
                return known
            hot = self._clock() - lease.taken_at < HOT_S
            most = max(min(MOST, capacity / SHARE), 1)
            lease.block = min(lease.block * 2, most) if hot else 1.0
            granted, remaining = self._buckets.lease(
                bucket, capacity, refill_per_s, 1, block=lease.block
            )
            lease.taken_at, lease.remaining = self._clock(), remaining
            if granted < 1:
                lease.dry_until = lease.taken_at + (1 - remaining) / refill_per_s
                return self._dry(lease)
            lease.tokens = granted - 1
            return Grant(allowed=True, remaining=remaining + lease.tokens)

    def _from_memory(self, lease: _Lease) -> Grant | None:
        if lease.tokens >= 1:
            lease.tokens -= 1
            return Grant(allowed=True, remaining=lease.remaining + lease.tokens)
        return self._dry(lease) if self._clock() < lease.dry_until else None

    def _dry(self, lease: _Lease) -> Grant:
        return Grant(
            allowed=False, remaining=0, retry_after_s=max(lease.dry_until - self._clock(), 0)
        )

    def _lease(self, bucket: str) -> _Lease:
        with self._lock:
            lease = self._leases.setdefault(bucket, _Lease())
            self._leases.move_to_end(bucket)
            if len(self._leases) > HELD:
                self._leases.popitem(last=False)
            return lease
