"""What is kept of the machine that asks: a truncated address, a bounded user agent."""

from ipaddress import IPv6Address, ip_address, ip_network

IPV4_PREFIX = 24
IPV6_PREFIX = 48
USER_AGENT_CHARACTERS = 300


def truncated_ip(address: str | None) -> str | None:
    """Return the /24 or /48 that the address is in; None for what is not an address."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    prefix = IPV6_PREFIX if isinstance(found, IPv6Address) else IPV4_PREFIX
    return str(ip_network((found, prefix), strict=False).network_address)


def bounded_user_agent(header: str | None) -> str | None:
    """Return the printable characters of the header, at most 300."""
    kept = "".join(character for character in header or "" if character.isprintable())
    return kept[:USER_AGENT_CHARACTERS] or None
