"""The rates of workspaces, domains and destinations: token buckets that the claim takes from."""

from uuid import UUID

import msgspec

from domain.delivery.send_rate import Bounded, SendRate
from domain.shared.platform import PLATFORM
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

# What is left in a bucket stays in it, so that changing a rate again and again grants nothing.
_SET = """
INSERT INTO send_rates AS s (workspace_id, kind, key, rate_per_s, burst, tokens)
VALUES (%(workspace_id)s, %(kind)s, %(key)s, %(rate_per_s)s, %(burst)s, %(burst)s)
ON CONFLICT (workspace_id, kind, key) DO UPDATE
   SET rate_per_s = excluded.rate_per_s, burst = excluded.burst,
       tokens = least(tokens_of(s), excluded.burst), refilled_at = clock_timestamp()
"""
# A bucket that was lifted stays and bounds nothing: 0034 takes 1,000,000 for unlimited.
_LIFT = """
UPDATE send_rates SET rate_per_s = 1000000, burst = 1000000, tokens = 1000000
 WHERE workspace_id = %(workspace_id)s AND kind = %(kind)s AND key = %(key)s
"""
_OF = """
SELECT kind, key, rate_per_s, burst FROM send_rates
 WHERE workspace_id = %s AND rate_per_s < 1000000 ORDER BY kind, key
"""


_BOUND = """
INSERT INTO send_rates (workspace_id, kind, key, rate_per_s, burst, tokens, max_in_flight)
VALUES (%(workspace_id)s, %(kind)s, %(key)s, 1000000, 1000000, 1000000, %(max_in_flight)s)
ON CONFLICT (workspace_id, kind, key) DO UPDATE SET max_in_flight = excluded.max_in_flight
"""
_BOUNDS = """
SELECT kind, key, max_in_flight FROM send_rates
 WHERE workspace_id = %s AND max_in_flight IS NOT NULL ORDER BY kind, key
"""


class PostgresSendRates:
    """The ports of `commands.delivery.set_send_rate` and `bound_in_flight`."""

    def bound(self, workspace_id: UUID, bounded: Bounded, max_in_flight: int | None) -> SqlEffect:
        """See the port."""
        values: dict[str, object] = {
            "workspace_id": workspace_id,
            "kind": bounded.kind.value,
            "key": bounded.key,
            "max_in_flight": max_in_flight,
        }
        return SqlEffect(_BOUND, values)

    def keep(self, workspace_id: UUID, bounded: Bounded, rate: SendRate) -> SqlEffect:
        """See the port."""
        key: dict[str, object] = {
            "workspace_id": workspace_id,
            "kind": bounded.kind.value,
            "key": bounded.key,
        }
        if rate.rate_per_s is None:
            return SqlEffect(_LIFT, key)
        return SqlEffect(_SET, key | {"rate_per_s": rate.rate_per_s, "burst": rate.burst})


class KnownRate(msgspec.Struct, frozen=True):
    """A rate that holds; `everybodys` are those of the installation."""

    kind: str
    key: str
    rate_per_s: float
    burst: float
    everybodys: bool


class KnownBound(msgspec.Struct, frozen=True):
    """How many may be in flight; `everybodys` are those of the installation."""

    kind: str
    key: str
    max_in_flight: int
    everybodys: bool


class KnownRates:
    """The rates that hold, for whoever asks."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def of(self, workspace_id: UUID) -> list[KnownRate]:
        """Return the rates that bound a workspace, the installation's first."""
        found: list[KnownRate] = []
        for scope in dict.fromkeys([PLATFORM, workspace_id]):
            with tenant_scope(self._pool, scope) as cursor:
                rows = cursor.execute(_OF, (scope,)).fetchall()
            everybodys = scope == PLATFORM
            found += [KnownRate(k, key, rate, burst, everybodys) for k, key, rate, burst in rows]
        return found

    def in_flight(self, workspace_id: UUID) -> list[KnownBound]:
        """Return what bounds the messages in flight of a workspace, the installation's first."""
        found: list[KnownBound] = []
        for scope in dict.fromkeys([PLATFORM, workspace_id]):
            with tenant_scope(self._pool, scope) as cursor:
                rows = cursor.execute(_BOUNDS, (scope,)).fetchall()
            found += [KnownBound(kind, key, most, scope == PLATFORM) for kind, key, most in rows]
        return found
