"""HTTP out of the engine: one look-up, then that very address, if it is public (IN-30)."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cache

import httpx

from infra.egress.addresses import is_public
from infra.egress.destination import Destination, EgressRefusedError, destination_of

TIMEOUT_S = 10.0
MAX_BYTES = 1_000_000
Resolver = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, each once, in the resolver's order. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def _tls() -> ssl.SSLContext:
    """Read the authorities' certificates once: that takes 0.1 s."""
    return httpx.create_ssl_context(trust_env=False)


class GuardedTransport(httpx.AsyncBaseTransport):
    """Connects to public servers by https at port 443, and to the origins in `allow` as written.

    A name is resolved once; when any of its addresses is not public nothing is connected to, else
    the address that was checked is, with the name in SNI and Host: no second look-up that could
    answer differently. No proxies, no redirects, no compression, `MAX_BYTES` of an answer, and
    no connection is used twice (one address may serve many names).
    """

    def __init__(
        self, *, allow: frozenset[str] = frozenset(), resolver: Resolver = resolve
    ) -> None:
        self._allow = allow
        self._resolver = resolver
        self._inner = httpx.AsyncHTTPTransport(
            verify=_tls(), trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send. Raises EgressRefusedError, or httpx.TransportError when nobody answers."""
        target = destination_of(request.url)
        address = await self._address(target)
        request.headers["host"] = request.url.netloc.decode("ascii")
        request.headers["accept-encoding"] = "identity"
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": target.host},
        )
        response = await self._inner.handle_async_request(pinned)
        if response.has_redirect_location:
            await response.aclose()
            raise EgressRefusedError("the server answered with a redirect; they are not followed")
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise EgressRefusedError("the server compressed its answer unasked")
        if not isinstance(response.stream, httpx.AsyncByteStream):
            raise TypeError("an asynchronous transport answers by an asynchronous stream")
        response.stream = _Bounded(response.stream)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def _address(self, target: Destination) -> str:
        listed = target.origin in self._allow
        if not listed and (target.scheme, target.port) != ("https", 443):
            raise EgressRefusedError("only https at port 443, or an origin in ENGINE_EGRESS_ALLOW")
        found = await _in_a_thread(lambda: self._resolver(target.host, target.port))
        if not found or not (listed or all(is_public(each) for each in found)):
            raise EgressRefusedError("the host is not on the public Internet")
        return found[0]


class _Bounded(httpx.AsyncByteStream):
    """A body that ends with an error after `MAX_BYTES`."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MAX_BYTES
        async for piece in self._stream:
            left -= len(piece)
            if left < 0:
                raise EgressRefusedError(f"the answer is longer than {MAX_BYTES} bytes")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _in_a_thread(look_up: Callable[[], Sequence[str]]) -> Sequence[str]:
    """Resolve in a daemon thread: a resolver that hangs must not keep the event loop from ending.

    Raises httpx.ConnectError when the name has no address.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Sequence[str]] = loop.create_future()

    def settle(found: Sequence[str] | None) -> None:
        if answer.done():
            return
        if found is None:
            answer.set_exception(httpx.ConnectError("the host's name has no address"))
        else:
            answer.set_result(found)

    def run() -> None:
        try:
            found: Sequence[str] | None = look_up()
        except (OSError, UnicodeError):
            found = None
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, found)

    threading.Thread(target=run, daemon=True, name="resolver").start()
    return await answer
