"""Where a request comes from: the right-most hop that is not one of our own proxies."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from litestar.types import Scope

from infra.edge_values import Network

Address = IPv4Address | IPv6Address
IPV4_PREFIX = 24
IPV6_PREFIX = 64  # what one customer of a provider gets
PEERS = 1024  # whose addresses are parsed already; the one not seen longest is forgotten
SCHEMES = frozenset({"http", "https"})


class ProxyTrust:
    """Believes X-Forwarded-For and X-Forwarded-Proto of the trusted, and of nobody else.

    Whatever a client wrote into the header itself stands left of what our proxies appended.
    """

    def __init__(self, proxies: Sequence[Network]) -> None:
        self._proxies = proxies

    def settle(self, scope: Scope) -> None:
        """Put the client's address and the outer scheme into the scope; for all who ask later."""
        peer = _peer(scope)
        if peer is None or not self._trusts(peer):
            return
        client = peer
        for hop in _hops(scope):
            if hop is None:
                break  # not an address: what stands further left proves nothing
            client = hop
            if not self._trusts(hop):
                break
        scope["client"] = (str(client), 0)
        proto = _last(scope, b"x-forwarded-proto")
        if proto in SCHEMES:
            scope["scheme"] = proto

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._proxies)


def network_of(scope: Scope) -> str:
    """Return the /24 or /64 that the client is in; what has no address is one network."""
    address = _peer(scope)
    return "unknown" if address is None else _network(address)


@lru_cache(maxsize=PEERS)
def _network(address: Address) -> str:
    prefix = IPV6_PREFIX if isinstance(address, IPv6Address) else IPV4_PREFIX
    return str(ip_network((address, prefix), strict=False))


def _peer(scope: Scope) -> Address | None:
    client = scope.get("client")
    return address_of(client[0]) if client else None


def _hops(scope: Scope) -> Iterator[Address | None]:
    """Yield X-Forwarded-For from the right; several lines are one list (RFC 9110, 5.3)."""
    lines = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    for text in reversed(b",".join(lines).split(b",") if lines else []):
        yield address_of(text.decode("latin-1").strip())


def _last(scope: Scope, header: bytes) -> str:
    values = [value for name, value in scope["headers"] if name == header]
    return values[-1].decode("latin-1").rpartition(",")[2].strip().lower() if values else ""


@lru_cache(maxsize=PEERS)
def address_of(text: str) -> Address | None:
    """Return the address, of IPv4 also where IPv6 wraps it; None for what is none."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
