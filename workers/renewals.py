"""Rebuilds that nobody has to ask for: of a new version, and after a restore.

Each is a process of its own, so that the projector goes on, and ends with the projector. The
serving tables are read, and fed by workers of their version, until the swap.
"""

import asyncio
import sys
from collections.abc import Mapping
from signal import SIGTERM
from time import monotonic

import structlog

from infra.embedded.parent_death import pre_exec

log = structlog.get_logger()

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0


class Renewals:
    """Rebuilds one projection after the other; one that fails is tried again after a pause."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._not_before: dict[str, float] = {}
        self._pause: dict[str, float] = {}

    def look(self, due: Mapping[str, str]) -> None:
        """Begin with the first that is due, unless one is at it."""
        if self._task and not self._task.done():
            return
        now = monotonic()
        for name, reason in due.items():
            if self._not_before.get(name, 0.0) <= now:
                log.info("rebuild_begins", projection=name, reason=reason)
                self._task = asyncio.create_task(self._rebuild(name))
                return

    async def close(self) -> None:
        """End a rebuild that runs; the next projector begins it anew."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _rebuild(self, name: str) -> None:
        argv = (sys.executable, "-m", "workers.cli.main", "projections", "rebuild", name)
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            preexec_fn=pre_exec(SIGTERM),
        )
        try:
            said, _ = await process.communicate()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        last = said.decode(errors="replace").strip().rpartition("\n")[2]
        if process.returncode == 0:
            log.info("rebuild_done", projection=name, said=last)
            self._pause.pop(name, None)
            return
        pause = self._pause.get(name, FIRST_PAUSE_S)
        log.error("rebuild_failed", projection=name, said=last, again_in_s=pause)
        self._not_before[name] = monotonic() + pause
        self._pause[name] = min(pause * 2, LONGEST_PAUSE_S)
