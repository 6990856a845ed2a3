"""Attempts to sign in, counted on all processes: the delay grows, and never lasts for ever."""

import hashlib

from commands.identity.ports import TooManyAttemptsError
from commands.ports import RateLimits
from domain.shared.platform import PLATFORM
from infra.postgres.accounts import PostgresAccounts
from infra.postgres.connections import Pool
from infra.postgres.rate_buckets import BucketsOutError
from infra.postgres.tenant_scope import tenant_scope

FREE = 5  # failures without a delay
LONGEST_S = 300
FORGET = "1 day"
NETWORK = (60.0, 0.5)  # tries of one network: at once, and a second
ACCOUNT = (100.0, 100 / 3600)  # tries of one account from all networks together
EVERYBODY = (600.0, 50.0)
MAIL = (5.0, 5 / 3600)  # mails that strangers cause to one address
MAIL_NETWORK = (30.0, 30 / 3600)
# Counted before the password is looked at, so that a hundred tries at once are a hundred.
_BEGIN = """
INSERT INTO sign_in_failures AS f (workspace_id, address_key, failures, blocked_until)
VALUES (%(workspace_id)s, %(key)s, 1, clock_timestamp())
ON CONFLICT (workspace_id, address_key) DO UPDATE
   SET failures = CASE WHEN f.blocked_until < clock_timestamp() - %(forget)s::interval
                       THEN 1 ELSE least(f.failures + 1, 60) END,
       blocked_until = clock_timestamp() + make_interval(secs => CASE
           WHEN f.failures < %(free)s OR f.blocked_until < clock_timestamp() - %(forget)s::interval
           THEN 0 ELSE least(power(2, least(f.failures - %(free)s, 20)), %(longest)s) END)
 WHERE f.blocked_until <= clock_timestamp()
RETURNING failures
"""
_LEFT = """
SELECT extract(epoch FROM blocked_until - clock_timestamp()) FROM sign_in_failures
 WHERE workspace_id = %(workspace_id)s AND address_key = %(key)s
"""
_SUCCEEDED = "DELETE FROM sign_in_failures WHERE workspace_id = %s AND address_key = %s"


class PostgresAttempts:
    """The port `commands.identity.ports.Attempts`."""

    def __init__(self, pool: Pool, limits: RateLimits, accounts: PostgresAccounts) -> None:
        self._pool = pool
        self._limits = limits
        self._accounts = accounts

    def begin(self, email: str, network: str | None) -> None:
        """See the port."""
        self._take("sign-in:all", EVERYBODY)
        if network is not None:
            self._take(f"sign-in:network:{network}", NETWORK)
        key = self._accounts.key(email)
        if key is None:
            return
        self._take(f"sign-in:account:{key.hex()}", ACCOUNT)
        values = {
            "workspace_id": PLATFORM,
            "key": _from(key, network),
            "free": FREE,
            "longest": LONGEST_S,
            "forget": FORGET,
        }
        with tenant_scope(self._pool, PLATFORM) as cursor:
            if cursor.execute(_BEGIN, values).fetchone() is not None:
                return
            row = cursor.execute(_LEFT, values).fetchone()
        raise _too_many(max(1.0, float(row[0])) if row else 1.0)

    def succeeded(self, email: str, network: str | None) -> None:
        """See the port."""
        key = self._accounts.key(email)
        if key is None:
            return
        with tenant_scope(self._pool, PLATFORM) as cursor:
            cursor.execute(_SUCCEEDED, (PLATFORM, _from(key, network)))

    def mailing(self, email: str, network: str | None) -> None:
        """See the port."""
        self._take(f"account-mail:network:{network}", MAIL_NETWORK)
        key = self._accounts.key(email)
        if key is not None:
            self._take(f"account-mail:{key.hex()}", MAIL)

    def _take(self, bucket: str, size: tuple[float, float]) -> None:
        """Take one; where the buckets cannot be asked nobody signs in (RQ-2)."""
        try:
            grant = self._limits.take(bucket, *size)
        except BucketsOutError:
            raise TooManyAttemptsError(
                "sign-in is closed while its limits cannot be checked; try again",
                retry_after_s=5.0,
            ) from None
        if not grant.allowed:
            raise _too_many(grant.retry_after_s)


def _from(key: bytes, network: str | None) -> bytes:
    """Return the key of an account seen from one network: a stranger elsewhere delays no owner."""
    return hashlib.sha256(key + (network or "").encode()).digest()


def _too_many(retry_after_s: float) -> TooManyAttemptsError:
    return TooManyAttemptsError(
        f"too many attempts; try again in {retry_after_s:.0f} s", retry_after_s=retry_after_s
    )
