"""Token buckets that all processes share: exact, by the database's clock."""

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout

from commands.ports import Grant
from infra.crypto.derive import derive_key, mac
from infra.postgres.connections import Pool
from infra.settings import Secret

NAME_BYTES = 32
PATIENCE_S = 1.0  # for a connection: a limit that cannot be asked for is a limit that is out
_TAKE = "SELECT granted, remaining FROM take_tokens(%s, %s, %s, %s, %s)"


class BucketsOutError(Exception):
    """The buckets cannot be asked; the caller knows whether that lets in or keeps out (RQ-2)."""


class RateBuckets:
    """The port `commands.ports.RateLimits`: every taking is one statement, in autocommit.

    In a window of t seconds a bucket gives at most capacity + refill_per_s * t tokens, however
    many processes take. Names are kept as keyed digests: networks are too few for a bare hash.
    """

    def __init__(self, pool: Pool, secret_key: Secret) -> None:
        self._pool = pool
        self._key = derive_key(secret_key, "rate-buckets")

    def take(self, bucket: str, capacity: float, refill_per_s: float, tokens: float = 1) -> Grant:
        """Take the tokens, or none. Raises BucketsOutError."""
        granted, remaining = self.lease(bucket, capacity, refill_per_s, tokens, block=tokens)
        return Grant(
            allowed=granted >= tokens,
            remaining=remaining,
            retry_after_s=0.0 if granted else max(tokens - remaining, 0) / refill_per_s,
        )

    def lease(
        self, bucket: str, capacity: float, refill_per_s: float, tokens: float, *, block: float
    ) -> tuple[float, float]:
        """Take up to `block` tokens, none when there are fewer than `tokens`.

        Returns what was taken and what is left. Raises BucketsOutError.
        """
        name = mac(self._key, bucket.encode(), length=NAME_BYTES)
        values = (name, float(capacity), float(refill_per_s), float(tokens), float(block))
        try:
            with self._pool.connection(timeout=PATIENCE_S) as connection:
                row = connection.execute(_TAKE, values).fetchone()
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed) as error:
            raise BucketsOutError("the rate limits' buckets cannot be reached") from error
        if row is None:
            raise RuntimeError("take_tokens always returns a row")
        return row[0], row[1]

    def forget_full(self) -> int:
        """Delete buckets that are full again, some at a time; returns how many."""
        with self._pool.connection(timeout=PATIENCE_S) as connection:
            row = connection.execute("SELECT forget_full_buckets()").fetchone()
        return row[0] if row else 0
