"""Which names we answer to, and which pages of which sites may call us."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from litestar.types import Scope

from infra.edge_values import origin_of
from infra.settings import Settings
from read_api.edge.refusals import RefusalError, not_found

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
OWN_HEADER = b"x-engine-request"
"""Any value: a form cannot send it, and a script of another site only after a preflight."""
OWN_COOKIES = b"__Host-"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MAY_SEND = (
    "authorization, content-type, idempotency-key, traceparent, x-engine-request, x-request-id"
)
MAY_READ = "ratelimit, ratelimit-policy, retry-after, x-request-id"
PREFLIGHT_S = 600
OWN_LABEL = "track."
LINKED = ("/t/", "/u/")
"""Where links in mail lead: pixel, redirect and unsubscribe page."""


class Origins:
    """Checks the names and origins of a request against exact lists."""

    def __init__(self, settings: Settings) -> None:
        public = urlsplit(settings.public_url).hostname or ""
        own = {_bracketed(public), _bracketed(settings.http_host.lower())}
        tracking = _bracketed(urlsplit(settings.tracking_url).hostname or "")
        self._tracking = tracking if tracking not in own else None
        self._hosts = LOOPBACK | settings.edge.hosts | own | {tracking}
        self._senders_track = settings.domains.own_tracking
        self._cors = settings.edge.origins
        self._ours = self._cors | {origin_of(settings.public_url)}

    def check_host(self, scope: Scope) -> None:
        """Refuse a request that is for somebody else. X-Forwarded-Host is never looked at.

        A tracking host of its own has the pages that mails link to and nothing else: what stands
        on them shares no origin with the API (OWASP ASVS 5.0, 3.5.4).
        """
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        host = _without_port(hosts[0]) if len(hosts) == 1 else None
        if host and self._has_links_alone(host):
            if not scope["path"].startswith(LINKED):
                raise not_found()
            return
        if host not in self._hosts:
            raise RefusalError(
                "unknown_host",
                "this server does not answer to that name; the operator lists names in "
                "ENGINE_HTTP_HOSTS",
            )

    def _has_links_alone(self, host: str) -> bool:
        """Tell whether it is a tracking host: ours, or `track.` of some sending domain.

        Which domains there are is not asked: a link proves itself, whatever name it came by.
        """
        senders = self._senders_track and host.startswith(OWN_LABEL) and host not in self._hosts
        return host == self._tracking or senders

    def check_cookies(self, scope: Scope) -> None:
        """Refuse a change that a browser sends with our cookies for a page that is not ours.

        Programs with a bearer token are not asked: no browser adds that by itself.
        """
        given = dict(scope["headers"])
        if (
            scope.get("method") in SAFE
            or b"authorization" in given
            or not any(
                OWN_COOKIES in value for name, value in scope["headers"] if name == b"cookie"
            )
        ):
            return
        if OWN_HEADER not in given or not self._fits(given):
            raise RefusalError(
                "forged_request",
                "a request with cookies needs the header X-Engine-Request and must come from a "
                "page of this site",
            )

    def cors(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """Return the headers of an answer; a page of an origin not listed gets no leave."""
        origin = _one(scope, b"origin")
        if origin is None or origin not in self._cors:
            return []
        return [
            (b"access-control-allow-origin", origin.encode()),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", MAY_READ.encode()),
        ]

    def preflight(self, scope: Scope) -> list[tuple[bytes, bytes]] | None:
        """Return the answer's headers when this is a preflight of a listed origin."""
        method = _one(scope, b"access-control-request-method")
        headers = self.cors(scope)
        if scope.get("method") != "OPTIONS" or method is None or not headers:
            return None
        return [
            *headers,
            (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE"),
            (b"access-control-allow-headers", MAY_SEND.encode()),
            (b"access-control-max-age", str(PREFLIGHT_S).encode()),
        ]

    def _fits(self, given: Mapping[bytes, bytes]) -> bool:
        """Ask the Origin; without one Sec-Fetch-Site, which no page can set."""
        origin = given.get(b"origin")
        if origin is not None:
            return origin.decode("latin-1") in self._ours
        return given.get(b"sec-fetch-site") == b"same-origin"


def _one(scope: Scope, header: bytes) -> str | None:
    values = [value for name, value in scope["headers"] if name == header]
    return values[0].decode("latin-1") if len(values) == 1 else None


def _without_port(host: bytes) -> str:
    text = host.decode("latin-1").lower()
    name, colon, port = text.rpartition(":")
    return name if colon and port.isdecimal() else text


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
