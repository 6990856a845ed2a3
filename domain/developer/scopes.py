"""What a key may do and where from, and that nobody hands on more than he has."""

from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_network

import msgspec

from domain.shared.errors import InvalidInputError, PermissionMissingError

USUAL = frozenset(
    {
        "workspace:read",
        "contacts:read",
        "contacts:write",
        "contacts:erase",
        "templates:read",
        "templates:write",
        "campaigns:read",
        "campaigns:write",
        "campaigns:send",
        "messages:read",
        "delivery:read",
        "delivery:manage",
        "audit:read",
        "audit:export",
    }
)
"""What a token may do that was issued without scopes: `engine workspace token`, older releases."""
MOST_NETWORKS = 20
MOST_SCOPES = 50


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a key is good for. No networks: from everywhere; no `expires_at`: until revoked."""

    scopes: tuple[str, ...]
    test: bool = False
    expires_at: datetime | None = None
    networks: tuple[str, ...] = ()


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """Who hands on; for a key that issues keys its own grant bounds what it gives."""

    permissions: frozenset[str]
    bounds: Grant | None = None


def checked_grant(grant: Grant, *, now: datetime) -> Grant:
    """Return the grant with its lists in one spelling. Raises InvalidInputError."""
    if not 0 < len(grant.scopes) <= MOST_SCOPES:
        raise InvalidInputError(f"a key needs 1 to {MOST_SCOPES} `scopes`: say what it may do")
    if grant.expires_at is not None and grant.expires_at <= now:
        raise InvalidInputError("`expires_at` has passed: name a time to come, or none")
    if len(grant.networks) > MOST_NETWORKS:
        raise InvalidInputError(f"at most {MOST_NETWORKS} `networks` can be allowed")
    return msgspec.structs.replace(
        grant,
        scopes=tuple(sorted(set(grant.scopes))),
        networks=tuple(sorted({str(_network(text)) for text in grant.networks})),
    )


def require_within(grant: Grant, issuer: Issuer) -> None:
    """Refuse a grant that is more than its issuer has. Raises PermissionMissingError."""
    above = set(grant.scopes) - issuer.permissions
    if above:
        raise PermissionMissingError(
            f"you cannot hand on what you may not do yourself: {', '.join(sorted(above))}"
        )
    bounds = issuer.bounds
    if bounds is None:
        return
    if bounds.test and not grant.test:
        raise PermissionMissingError("a test key issues test keys only")
    if bounds.expires_at is not None and (
        grant.expires_at is None or grant.expires_at > bounds.expires_at
    ):
        raise PermissionMissingError("a key cannot issue one that outlives it")
    if bounds.networks and not (grant.networks and _all_inside(grant.networks, bounds.networks)):
        raise PermissionMissingError("a key cannot issue one that is good from more networks")


def _all_inside(networks: tuple[str, ...], bounds: tuple[str, ...]) -> bool:
    outer = [_network(text) for text in bounds]
    return all(any(_inside(_network(text), bound) for bound in outer) for text in networks)


def _inside(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError:
        raise InvalidInputError(
            f"{text!r} is no network: write it as 203.0.113.0/24 or 2001:db8::/32, no host bits set"
        ) from None
