"""Ask somebody else's server, within one deadline for everything."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx

from infra.egress.destination import EgressRefusedError, destination
from infra.egress.transport import TIMEOUT_S, GuardedTransport, Resolver, resolve

T = TypeVar("T")


class EgressFailedError(Exception):
    """The server could not be asked, or did not answer with what was wanted; try again later."""


class Egress:
    """The client of threads: each call has a loop, a connection and a deadline of its own."""

    def __init__(
        self,
        *,
        allow: frozenset[str] = frozenset(),
        resolver: Resolver = resolve,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._allow = allow
        self._resolver = resolver
        self._timeout_s = timeout_s

    def transport(self) -> GuardedTransport:
        """Return a transport for clients of others, such as Authlib's."""
        return GuardedTransport(allow=self._allow, resolver=self._resolver)

    def get(self, url: str) -> bytes:
        """Return the body of a 200. Raises EgressRefusedError and EgressFailedError."""
        destination(url)
        return self.within_deadline(lambda: self._get(url))

    def within_deadline(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Run a conversation to its end, from a thread without an event loop.

        Raises EgressRefusedError and EgressFailedError.
        """

        async def bounded() -> T:
            async with asyncio.timeout(self._timeout_s):
                return await ask()

        try:
            return asyncio.run(bounded())
        except (TimeoutError, httpx.HTTPError) as error:
            raise EgressFailedError(f"the server was not reached: {type(error).__name__}") from None

    async def _get(self, url: str) -> bytes:
        async with httpx.AsyncClient(
            transport=self.transport(), trust_env=False, follow_redirects=False, timeout=TIMEOUT_S
        ) as client:
            response = await client.get(url)
            if response.status_code != httpx.codes.OK:
                raise EgressFailedError(f"the server answered with status {response.status_code}")
            return response.content


__all__ = ["Egress", "EgressFailedError", "EgressRefusedError"]
