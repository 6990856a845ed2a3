"""Where a URL leads: one spelling of each, everything else is refused before a name is asked."""

import re
from ipaddress import ip_address

import httpx
import msgspec

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")
_NUMERIC = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)\Z")  # the last label of 127.1, 0177.0.0.1, 0x7f.1
_UGLY = re.compile(r"[^\x21-\x7e]|[\\\"<>^`{|}]")
_PORTS = {"http": 80, "https": 443}
MAX_URL_CHARACTERS = 2048
MAX_NAME_CHARACTERS = 253


class EgressRefusedError(Exception):
    """The engine does not connect there; the message says why, without the URL."""


class Destination(msgspec.Struct, frozen=True):
    """A server: `host` is a name in lower case, or an IP address without brackets."""

    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> str:
        """The way it is written in the allow-list, and by browsers: without the usual port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == _PORTS[self.scheme]
        return f"{self.scheme}://{host}" + ("" if usual else f":{self.port}")


def destination(url: str) -> Destination:
    """Return where the URL leads. Raises EgressRefusedError."""
    if len(url) > MAX_URL_CHARACTERS or _UGLY.search(url) or "#" in url:
        raise EgressRefusedError("a URL has ASCII letters, no spaces, backslashes or fragment")
    try:
        return destination_of(httpx.URL(url), written=url)
    except httpx.InvalidURL:
        raise EgressRefusedError("this is not a URL") from None


def destination_of(url: httpx.URL, *, written: str = "") -> Destination:
    """Do the same for a URL that was taken apart. Raises EgressRefusedError."""
    if url.scheme not in _PORTS:
        raise EgressRefusedError("only https, and http where it is allowed")
    if url.userinfo or "@" in (written or str(url)).partition("://")[2].partition("/")[0]:
        raise EgressRefusedError("a URL has no user name and no password")
    return Destination(url.scheme, _host(url.host), url.port or _PORTS[url.scheme])


def _host(host: str) -> str:
    if "%" in host:
        raise EgressRefusedError("an address has no zone")
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    if len(host) > MAX_NAME_CHARACTERS or not _NAME.match(host):
        raise EgressRefusedError("a host is a name of letters, digits and hyphens")
    if _NUMERIC.match(host.rpartition(".")[2]):
        raise EgressRefusedError("an IP address is written in the one usual way")
    return host
