"""Limits on requests: by network before anybody is recognised, then by key and by workspace.

The header fields are those of draft-ietf-httpapi-ratelimit-headers-10.
"""

from collections.abc import Callable, Sequence
from math import ceil
from time import monotonic

import msgspec
import structlog
from litestar.concurrency import sync_to_thread
from litestar.handlers import BaseRouteHandler

from commands.ports import Grant
from infra.edge_values import Limit
from infra.postgres.rate_buckets import BucketsOutError
from infra.postgres.token_leases import TokenLeases
from infra.settings import EdgeSettings
from read_api.edge.client_address import network_of
from read_api.edge.refusals import RefusalError
from read_api.edge.request_marks import LIMITS, AnyConnection, Caller, note, noted

log = structlog.get_logger()

READS = frozenset({"GET", "HEAD", "OPTIONS"})
OUT_S = 2.0
"""After a failure the buckets are not asked for so long: nobody waits for what is away."""


class Spent(msgspec.Struct, frozen=True):
    """One limit that a request was counted against, and what is left of it."""

    policy: str
    limit: Limit
    grant: Grant


class RateLimits:
    """Counts requests. A route with opt `unlimited` is never counted: mail providers ask there."""

    def __init__(
        self,
        leases: TokenLeases,
        settings: EdgeSettings,
        *,
        refused: Callable[[str], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._leases = leases
        self._settings = settings
        self._refused = refused
        self._clock = clock
        self._out_until = 0.0
        self._local: dict[str, tuple[float, float]] = {}

    async def count_network(self, connection: AnyConnection, handler: BaseRouteHandler) -> None:
        """Count against the network. Raises RefusalError."""
        if handler.opt.get("unlimited") is not True:
            name = network_of(connection.scope)
            await self._count(connection, "network", name, self._settings.network_limit)

    async def count_caller(self, connection: AnyConnection, caller: Caller) -> None:
        """Count against the key or session, and the workspace. Raises RefusalError."""
        key = str(caller.person.session_id) if caller.person else caller.actor
        await self._count(connection, "key", key, self._settings.key_limit)
        if caller.workspace_id is not None:
            name = str(caller.workspace_id)
            await self._count(connection, "workspace", name, self._settings.workspace_limit)

    async def _count(
        self, connection: AnyConnection, policy: str, name: str, limit: Limit | None
    ) -> None:
        if limit is None:
            return
        grant = await self._take(connection, f"{policy}:{name}", limit)
        spent = [*(noted(connection, LIMITS, list) or []), Spent(policy, limit, grant)]
        note(connection, LIMITS, spent)
        if not grant.allowed:
            self._refused(policy)
            wait_s = max(ceil(grant.retry_after_s), 1)
            raise RefusalError(
                "rate_limited",
                f"too many requests of this {policy}; wait {wait_s} s",
                headers={"retry-after": str(wait_s)},
            )

    async def _take(self, connection: AnyConnection, bucket: str, limit: Limit) -> Grant:
        if self._clock() >= self._out_until:
            held = self._leases.held(bucket)
            if held is not None:
                return held
            try:
                return await sync_to_thread(
                    self._leases.take, bucket, limit.requests, limit.refill_per_s
                )
            except BucketsOutError as error:
                self._out_until = self._clock() + OUT_S
                log.warning("rate_limits_out", error=error)
        if connection.scope.get("method") not in READS:
            raise RefusalError(
                "unavailable",
                "requests cannot be counted at the moment, so nothing is changed; try again",
                headers={"retry-after": "2"},
            )
        return self._take_locally(bucket, limit)

    def _take_locally(self, bucket: str, limit: Limit) -> Grant:
        """Keep reads going with a bucket of this process alone (RQ-2)."""
        now = self._clock()
        tokens, at = self._local.get(bucket, (float(limit.requests), now))
        tokens = min(tokens + (now - at) * limit.refill_per_s, limit.requests)
        allowed = tokens >= 1
        tokens -= allowed
        if len(self._local) > 10_000:  # noqa: PLR2004 - of an outage: begins anew
            self._local.clear()
        self._local[bucket] = (tokens, now)
        wait_s = 0.0 if allowed else (1 - tokens) / limit.refill_per_s
        return Grant(allowed=allowed, remaining=tokens, retry_after_s=wait_s)


def rate_limit_headers(spent: Sequence[Spent]) -> list[tuple[bytes, bytes]]:
    """Return RateLimit-Policy (quota, window) and RateLimit (remaining, seconds until full)."""
    if not spent:
        return []
    policies = (f'"{one.policy}";q={one.limit.requests};w={one.limit.seconds}' for one in spent)
    left = (f'"{one.policy}";r={int(one.grant.remaining)};t={_full_in_s(one)}' for one in spent)
    return [
        (b"ratelimit-policy", ", ".join(policies).encode()),
        (b"ratelimit", ", ".join(left).encode()),
    ]


def _full_in_s(one: Spent) -> int:
    missing = max(one.limit.requests - one.grant.remaining, 0)
    return ceil(missing / one.limit.refill_per_s)
