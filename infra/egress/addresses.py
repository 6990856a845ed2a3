"""Which addresses are on the public Internet, whatever they are wrapped in.

`ipaddress.is_global` alone is wrong: Python 3.11.7 says True for 64:ff9b::7f00:1 (NAT64 of
127.0.0.1), 2002:7f00:1:: (6to4 of it), 192.0.0.8 and multicast.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_V6_INTERNET = ip_network("2000::/3")  # all that IANA has given out to be routed
_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052; the local-use 64:ff9b:1::/48 is never public
_NEVER_V4 = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this host
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598)
        "168.63.129.16/32",  # a hypervisor's agent at a cloud provider, in public space
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "198.18.0.0/15",  # benchmarks (RFC 2544)
        "240.0.0.0/4",  # reserved, and the broadcast
    )
)
_NEVER_V6 = tuple(
    ip_network(text)
    for text in (
        "2001::/23",  # protocol assignments; Teredo is taken apart before
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation (RFC 9637)
    )
)

Address = IPv4Address | IPv6Address


def is_public(text: str) -> bool:
    """Tell whether an address, and every address within it, may be connected to."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.scope_id:
        return False
    return all(_plainly_public(each) for each in _unwrapped(address))


def _unwrapped(address: Address) -> Iterator[Address]:
    """Yield the addresses that packets to this one may end at."""
    if isinstance(address, IPv4Address):
        yield address
    elif address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    elif address in _NAT64:
        yield IPv4Address(address.packed[-4:])
    else:
        yield address if address.teredo is None else address.teredo[0]
        if address.sixtofour is not None:
            yield address.sixtofour
        if address.teredo is not None:
            yield address.teredo[1]


def _plainly_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NEVER_V4)
    return address in _V6_INTERNET and not any(address in network for network in _NEVER_V6)
