"""Asks the DNS, within a bounded time, and tells "there is none" from "nobody could say"."""

from collections.abc import Sequence

import dns.exception
import dns.nameserver
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT

from domain.delivery.dns_records import Answer, Answered

TIMEOUT_S = 2.0  # for one server
LIFETIME_S = 6.0  # for one question, all servers and retries
MOST_VALUES = 20
LONGEST_VALUE = 2_048
DEFINITE = (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer)


class Dns:
    """One resolver a process: `servers` are (address, port); without any, those of the machine."""

    def __init__(self, servers: Sequence[tuple[str, int]] = ()) -> None:
        self._resolver = dns.resolver.Resolver(configure=not servers)
        if servers:
            self._resolver.nameservers = [
                dns.nameserver.Do53Nameserver(address, port) for address, port in servers
            ]
        self._resolver.timeout = TIMEOUT_S
        self._resolver.lifetime = LIFETIME_S

    def lookup(self, name: str, kind: str) -> Answer:
        """Return what stands there; SERVFAIL, silence and nonsense are all UNREACHABLE."""
        try:
            answer = self._resolver.resolve(name.rstrip(".") + ".", kind, search=False)
        except DEFINITE:
            return Answer(Answered.NONE)
        except (dns.exception.DNSException, OSError, UnicodeError):
            return Answer(Answered.UNREACHABLE)
        values = sorted(_text(rdata) for rdata in answer)
        return Answer(Answered.FOUND, tuple(values[:MOST_VALUES]))


def _text(rdata: object) -> str:
    """Join the strings of a TXT record (RFC 7208, 3.3); show everything else as in a zone."""
    if isinstance(rdata, TXT):
        text = b"".join(rdata.strings).decode("utf-8", "replace")
    else:
        text = str(rdata)
    return "".join(char if char.isprintable() else "?" for char in text[:LONGEST_VALUE])
