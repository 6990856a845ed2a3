"""How settings of the HTTP edge are written: hosts, origins, networks, limits."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

import msgspec

Network = IPv4Network | IPv6Network
DNS_PORT = 53
HTTP_PORTS = {"http": 80, "https": 443}


class Limit(msgspec.Struct, frozen=True):
    """So many requests at once, and as many again over so many seconds."""

    requests: int
    seconds: int

    @property
    def refill_per_s(self) -> float:
        """How fast a bucket of this limit fills."""
        return self.requests / self.seconds


def parse_limit(text: str) -> Limit | None:
    """Read `requests/seconds`; `off` is None. Raises ValueError."""
    if text == "off":
        return None
    requests, slash, seconds = text.partition("/")
    if not (slash and requests.isdecimal() and seconds.isdecimal()):
        raise ValueError("write requests/seconds, for example 600/60, or off")
    limit = Limit(int(requests), int(seconds))
    if not (limit.requests and limit.seconds):
        raise ValueError("requests and seconds must be above 0; off switches the limit off")
    return limit


def parse_hosts(text: str) -> frozenset[str]:
    """Read host names without ports, separated by commas. Raises ValueError."""
    hosts = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    for host in hosts:
        if "*" in host or "/" in host or (":" in host and not host.startswith("[")):
            raise ValueError(f"{host!r} is not a host name (no port, no wildcard)")
    return hosts


def parse_origins(text: str) -> frozenset[str]:
    """Read exact origins, `https://app.example.com[:port]`, by commas. Raises ValueError."""
    origins = frozenset(part.strip() for part in text.split(",") if part.strip())
    for origin in origins:
        if origin != origin_of(origin):
            raise ValueError(
                f"{origin!r} is not an origin: write it as browsers do, such as "
                "https://app.example.com (scheme and host, no path, no wildcard, no usual port)"
            )
    return origins


def origin_of(url: str) -> str | None:
    """Return the origin of a web address as browsers write it; None when it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    if parts.scheme not in HTTP_PORTS or not host or "*" in host:
        return None
    shown = f"[{host}]" if ":" in host else host
    usual = port in {None, HTTP_PORTS[parts.scheme]}
    return f"{parts.scheme}://{shown}" + ("" if usual else f":{port}")


def parse_networks(text: str) -> tuple[Network, ...]:
    """Read addresses or networks, separated by commas. Raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def parse_servers(text: str) -> tuple[tuple[str, int], ...]:
    """Read addresses of DNS servers between commas: 192.0.2.53, [2001:db8::53]:5353."""
    servers = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        bare = item if item.startswith("[") or item.count(":") <= 1 else f"[{item}]"
        parts = urlsplit(f"//{bare}")
        servers.append((str(ip_address(parts.hostname or "")), parts.port or DNS_PORT))
    return tuple(servers)


def parse_spf_terms(text: str) -> tuple[str, ...]:
    """Read a host to include, or mechanisms between spaces: ip4:192.0.2.1 include:spf.acme.com."""
    terms = tuple(term if ":" in term else f"include:{term}" for term in text.lower().split())
    for term in terms:
        if term.partition(":")[0] not in {"include", "a", "mx", "ip4", "ip6", "exists"}:
            raise ValueError(f"{term!r} is no mechanism of SPF that says who may send")
    return terms
