"""Run a set of processes as one: start in order, restart what dies, drain in reverse order."""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct

from infra.embedded.command import ServerCommand
from infra.embedded.orphans import mark_for, start_guardian
from workers.child_process import ChildProcess
from workers.engine_log import EngineLog
from workers.restart_policy import RestartPolicy


class Child(Struct, frozen=True, kw_only=True):
    """A process to supervise.

    `prepare` runs before each start, `ready` is asked until it says yes (None: ready at once);
    both may block. `once` marks a step that has to end with code 0 before others begin.
    """

    name: str
    command: Callable[[], ServerCommand]
    prepare: Callable[[], object] | None = None
    ready: Callable[[], bool] | None = None
    depends_on: tuple[str, ...] = ()
    once: bool = False
    ready_within_s: float = 60
    stop_within_s: float = 20


class ChildFailedError(Exception):
    """A child cannot be kept running; the message names it and says what happened."""


class Supervisor:
    """Supervise `children`, of which each may depend on those before it in the sequence.

    As an async context manager: inside everything is ready, afterwards nothing runs.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        data_dir: Path,
        log: EngineLog,
        restart: RestartPolicy | None = None,
    ) -> None:
        self.children = {child.name: child for child in children}
        self._data_dir = data_dir.resolve()
        self._log = log
        self._restart = restart or RestartPolicy()
        self._ready = {name: asyncio.Event() for name in self.children}
        self._running: dict[str, ChildProcess] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failed = asyncio.Event()
        self._errors: list[Exception] = []
        self._stopping = False
        self._guardian: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        """Start everything and wait until it is ready, or raise `ChildFailedError`."""
        self._log.announce("engine", *self.children)
        self._guardian = start_guardian(self._data_dir)
        for name, child in self.children.items():
            self._tasks[name] = asyncio.create_task(self._guard(self._keep(child)))
        try:
            waits = [
                asyncio.ensure_future(self._all_ready()),
                asyncio.ensure_future(self._failed.wait()),
            ]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            self._raise_failure()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _where: TracebackType | None,
    ) -> None:
        await self.stop()

    def pid_of(self, name: str) -> int | None:
        """Return the process id of a child while it runs."""
        child = self._running.get(name)
        return child.pid if child else None

    async def watch(self) -> None:
        """Wait until a child cannot be kept running, and raise `ChildFailedError` then."""
        await self._failed.wait()
        self._raise_failure()

    async def stop(self) -> None:
        """Drain: end each child after those that depend on it, by force at its deadline."""
        self._stopping = True
        ended: dict[str, asyncio.Task[None]] = {}
        for child in reversed(self.children.values()):
            users = [ended[u.name] for u in self.children.values() if child.name in u.depends_on]
            ended[child.name] = asyncio.create_task(self._end(child, after=users))
        await asyncio.gather(*ended.values())
        if self._guardian:
            await asyncio.to_thread(self._guardian.communicate)
            self._guardian = None

    def kill(self) -> None:
        """End everything at once; `stop` then returns soon."""
        self._stopping = True
        for process in self._running.values():
            process.kill()

    async def _end(self, child: Child, *, after: Sequence[asyncio.Task[None]]) -> None:
        if after:
            await asyncio.wait(after)
        task = self._tasks.get(child.name)
        if task is None:
            return
        if process := self._running.get(child.name):
            process.ask_to_stop()
            done, _ = await asyncio.wait([task], timeout=child.stop_within_s)
            if not done:
                self._log.say("child_killed", level="warning", name=child.name)
                process.kill()
        else:
            task.cancel()
        await asyncio.wait([task])

    async def _all_ready(self) -> None:
        for event in self._ready.values():
            await event.wait()

    async def _guard(self, step: Coroutine[None, None, None]) -> None:
        """Run a step of a child's life; whatever goes wrong stops the engine with that reason."""
        try:
            await step
        except Exception as error:  # noqa: BLE001 - a lost error would leave the engine hanging
            self._errors.append(error)
            self._failed.set()

    def _raise_failure(self) -> None:
        if self._errors:
            raise self._errors[0]

    async def _keep(self, child: Child) -> None:
        """Run the child again and again until the engine stops or it dies too often."""
        for name in child.depends_on:
            await self._ready[name].wait()
        clock = asyncio.get_running_loop().time
        deaths = 0
        while not self._stopping:
            began = clock()
            code = await self._run(child)
            if self._stopping or (child.once and code == 0):
                return
            quick = clock() - began < self._restart.quick_s
            deaths = deaths + 1 if quick else 1
            self._check(child, code=code, deaths=deaths)
            wait_s = self._restart.wait_s(deaths=deaths, jitter=random.random())  # noqa: S311
            self._log.say(
                "child_died",
                level="warning",
                name=child.name,
                code=code,
                restart_in_s=round(wait_s, 2),
            )
            await asyncio.sleep(wait_s)

    async def _run(self, child: Child) -> int:
        """Run the child once and return its exit code."""
        if child.prepare:
            await asyncio.to_thread(child.prepare)
        if self._stopping:
            return 0
        process = await ChildProcess.start(
            child.command(),
            mark=mark_for(self._data_dir, supervisor=os.getpid()),
            on_line=lambda line: self._log.line(child.name, line),
        )
        self._running[child.name] = process
        probe = asyncio.create_task(self._guard(self._become_ready(child, process)))
        try:
            code = await process.wait()
        finally:
            probe.cancel()
            del self._running[child.name]
        if child.once and code == 0:
            self._ready[child.name].set()
        return code

    async def _become_ready(self, child: Child, process: ChildProcess) -> None:
        if child.once:
            return
        deadline = asyncio.get_running_loop().time() + child.ready_within_s
        while child.ready and not await asyncio.to_thread(child.ready):
            if asyncio.get_running_loop().time() > deadline:
                self._log.say(
                    "child_not_ready", level="error", name=child.name, waited_s=child.ready_within_s
                )
                process.kill()
                return
            await asyncio.sleep(0.05)
        self._log.say("child_ready", name=child.name, pid=process.pid)
        self._ready[child.name].set()

    def _check(self, child: Child, *, code: int, deaths: int) -> None:
        ended = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        if child.once:
            raise ChildFailedError(
                f"{child.name} failed ({ended}): see its lines in {self._log.path}"
            )
        if deaths >= self._restart.quick_deaths:
            raise ChildFailedError(
                f"{child.name} ended {deaths} times in a row within {self._restart.quick_s:g} s of "
                f"its start (last with {ended}): see its lines in {self._log.path}"
            )


async def run_until_signal(supervisor: Supervisor, *, on_ready: Callable[[], None]) -> None:
    """Run the children until SIGINT, SIGTERM or SIGHUP, then drain; a second one kills at once.

    Raises `ChildFailedError` when a child cannot be started or kept running.
    """
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()

    def on_signal() -> None:
        if asked.is_set():
            supervisor.kill()
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)
    run = asyncio.create_task(_run(supervisor, on_ready=on_ready))
    stop = asyncio.create_task(asked.wait())
    await asyncio.wait([run, stop], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not run.done():
        run.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await run


async def _run(supervisor: Supervisor, *, on_ready: Callable[[], None]) -> None:
    async with supervisor:
        on_ready()
        await supervisor.watch()
