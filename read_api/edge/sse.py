"""Live streams of server-sent events: few at a time, over as soon as access is.

A stream holds no connection to the database between two looks. It ends when the credential is no
longer good, when the process drains, when a look fails and after a quarter of an hour; the client
comes again by itself with `Last-Event-ID` and misses nothing.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from uuid import UUID

import msgspec
import psycopg
import structlog
from litestar.concurrency import sync_to_thread
from litestar.response.sse import ServerSentEventMessage
from psycopg_pool import PoolClosed, PoolTimeout

from read_api.edge.authentication import Authentication
from read_api.edge.permission_guard import require
from read_api.edge.refusals import RefusalError
from read_api.edge.request_marks import AnyConnection, workspace_of

log = structlog.get_logger()

MOST_OF_A_WORKSPACE = 5
MOST = 100
"""Of one process: each looks once a second."""
LOOK_EVERY_S = 1.0
CHECK_EVERY_S = 2.0
HEARTBEAT_EVERY_S = 15.0
"""Proxies close what is silent for longer, and a client that is gone is noticed."""
RETRY_MS = 2_000
LONGEST_S = 900.0
"""Then the client comes again, perhaps to another process."""

Look = Callable[[int], Sequence[tuple[int, msgspec.Struct]]]
"""What came after a position, in order, by position."""
Messages = AsyncGenerator[ServerSentEventMessage, None]


class LiveStreams:
    """The streams of one process."""

    def __init__(self, authentication: Authentication) -> None:
        self._authentication = authentication
        self._running = Counter[UUID]()
        self._over = asyncio.Event()

    def end(self) -> None:
        """Let every stream end, and none begin: the process drains."""
        self._over.set()

    def require_room(self, workspace_id: UUID) -> None:
        """Refuse one stream too many. Raises RefusalError too_many_streams."""
        if not self._has_room(workspace_id):
            raise RefusalError(
                "too_many_streams",
                f"at most {MOST_OF_A_WORKSPACE} live streams of a workspace; close one",
                headers={"retry-after": "5"},
            )

    async def messages(
        self,
        connection: AnyConnection,
        look: Look,
        *,
        after: int,
        over: Callable[[], bool] = lambda: False,
    ) -> Messages:
        """Yield what `look` finds after a position, then what comes, until it is over.

        `over` says after a look that nothing more will come.
        """
        workspace_id = workspace_of(connection)
        if not self._has_room(workspace_id):  # others came between the answer's head and this
            return
        self._running[workspace_id] += 1
        try:
            async for message in self._followed(connection, look, after, over):
                yield message
        except (psycopg.Error, PoolTimeout, PoolClosed) as error:
            log.warning("live_stream_failed", error=error)
        finally:
            self._running[workspace_id] -= 1

    async def _followed(
        self, connection: AnyConnection, look: Look, after: int, over: Callable[[], bool]
    ) -> Messages:
        yield ServerSentEventMessage(data=None, comment="live", retry=RETRY_MS)
        began = checked = spoken = time.monotonic()
        while not self._over.is_set():
            if time.monotonic() - checked >= CHECK_EVERY_S:
                if not await self._is_allowed(connection):
                    return
                checked = time.monotonic()
            found = await sync_to_thread(look, after)
            for after, line in found:  # noqa: PLR1704 - where it goes on from
                spoken = time.monotonic()
                yield ServerSentEventMessage(data=msgspec.json.encode(line), event="line", id=after)
            if over():
                return
            if time.monotonic() - spoken >= HEARTBEAT_EVERY_S:
                spoken = time.monotonic()
                yield ServerSentEventMessage(data=None, comment="still here")
            if time.monotonic() - began >= LONGEST_S:
                return
            if not found:
                await self._pause()

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._over.wait(), LOOK_EVERY_S)
        except TimeoutError:
            return

    async def _is_allowed(self, connection: AnyConnection) -> bool:
        """Authenticate again, which asks the database: keys are revoked, roles change."""
        try:
            caller = await self._authentication.caller(connection)
            require(caller, connection.route_handler.opt)
        except RefusalError:
            return False
        return caller.workspace_id == workspace_of(connection)

    def _has_room(self, workspace_id: UUID) -> bool:
        return (
            not self._over.is_set()
            and self._running[workspace_id] < MOST_OF_A_WORKSPACE
            and self._running.total() < MOST
        )
