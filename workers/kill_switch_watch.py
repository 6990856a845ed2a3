"""What a dispatcher knows of the kill switches: asked each second and at each ping, never old.

In its memory so that each message can be asked for just before MAIL FROM. An epoch is confirmed
once nothing is begun any more that its switches stop. Switches that could not be read for ten
seconds stop everything: what nobody can see may be on.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from uuid import UUID

import structlog
from nats.errors import Error as NatsError
from psycopg import Connection, Error
from psycopg.rows import TupleRow

from domain.platform.kill_switch_events import SwitchScope
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.nats.connection import connect
from infra.postgres.campaign_runs import CampaignRun
from infra.postgres.connections import Role
from infra.postgres.kill_switches import Stopped, confirm, stopped_now, switch_epoch
from schemas.messages import SWITCHES

log = structlog.get_logger()
T = TypeVar("T")

POLL_S = 1.0
UNREADABLE_AFTER_S = 10.0
WRITTEN_S = 0.1  # until commands that were written to a connection have left it
LOOK_FOR_NATS_S = 5.0


class KillSwitchWatch:
    """One dispatcher's view. `owner` is its id; times are of this process's monotonic clock."""

    def __init__(
        self,
        adapters: Adapters,
        *,
        owner: UUID,
        poll_s: float = POLL_S,
        unreadable_after_s: float = UNREADABLE_AFTER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._adapters = adapters
        self._owner = owner
        self._poll_s = poll_s
        self._unreadable_after_s = unreadable_after_s
        self._clock = clock
        self._connection: Connection[TupleRow] | None = None
        self._thread = ThreadPoolExecutor(1)  # its own: never behind a claim that takes long
        self._news = asyncio.Event()
        self._stopped: frozenset[Stopped] = frozenset()
        self._epoch = -1
        self._read_at: float | None = None  # when the last look that was answered began

    # What is asked just before MAIL FROM.

    def why_not(self, run: CampaignRun) -> str | None:
        """Return why no message of the campaign may be begun now; None when it may."""
        if (why := self.why_not_system()) is not None or not self._stopped:
            return why
        workspace = run.workspace_id
        mine = (
            (workspace, SwitchScope.WORKSPACE.value, ""),
            (workspace, SwitchScope.CAMPAIGN.value, str(run.campaign_id)),
            (workspace, SwitchScope.DOMAIN.value, run.sending_domain),
        )
        return next((f"kill switch: {one[1]}" for one in mine if one in self._stopped), None)

    def why_not_system(self) -> str | None:
        """Return why no mail of the system may be begun: only the global switch stops it."""
        if self._read_at is None or self._clock() - self._read_at > self._unreadable_after_s:
            return "the kill switches cannot be read"
        if (PLATFORM, SwitchScope.GLOBAL.value, "") in self._stopped:
            return "kill switch: global"
        return None

    # How it is known.

    async def run(self) -> None:
        """Look until cancelled."""
        listening = asyncio.create_task(self._listen())
        try:
            while True:
                await self.look()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), timeout=self._poll_s)
                self._news.clear()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            self.close()

    def close(self) -> None:
        """Let go of the connection, however long an answer on it takes."""
        self._thread.submit(self._forget_connection)
        self._thread.shutdown(wait=False)

    async def look(self) -> None:
        """Read the switches; a change is obeyed at once, then confirmed."""
        began = self._clock()
        try:
            epoch, stopped = await self._apart(self._read)
        except Error as error:
            log.warning("kill_switches_unreadable", error=error)
            await self._apart(self._forget_connection)
            return
        if stopped is not None:
            self._stopped = stopped
        self._read_at = began
        if epoch != self._epoch:
            await self._confirm(epoch)

    async def _apart(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _read(self) -> tuple[int, frozenset[Stopped] | None]:
        if self._connection is None:
            self._connection = self._adapters.connection(Role.WORKER)
        epoch = switch_epoch(self._connection)  # first: the rows may be newer, never older
        if epoch == self._epoch:
            return epoch, None
        return epoch, frozenset(stopped_now(self._connection))

    async def _confirm(self, epoch: int) -> None:
        connection = self._connection
        if connection is None:
            return
        await asyncio.sleep(WRITTEN_S)
        try:
            await self._apart(lambda: confirm(connection, self._owner, epoch))
        except Error as error:
            log.warning("kill_switches_not_confirmed", error=error)
            await self._apart(self._forget_connection)
            return
        self._epoch = epoch
        log.info("kill_switches_seen", epoch=epoch, on=len(self._stopped))

    def _forget_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    async def _listen(self) -> None:
        """Look at once when somebody says that a switch was turned; without NATS we poll."""
        while True:
            try:
                client = await connect(self._adapters.settings.nats_url, name="kill-switches")
            except (NatsError, OSError, TimeoutError):
                await asyncio.sleep(LOOK_FOR_NATS_S)
                continue
            try:
                await client.subscribe(SWITCHES, cb=self._heard)
                await asyncio.Event().wait()
            finally:
                await client.close()

    async def _heard(self, _: object) -> None:
        self._news.set()
