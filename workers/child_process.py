"""One supervised process: start it, pass its lines on, end it with all it started."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

from infra.embedded.command import ServerCommand
from infra.embedded.orphans import MARK
from infra.embedded.parent_death import pre_exec

LINE_BYTES_MAX = 64 * 1024
KILL = signal.SIGKILL


class ChildProcess:
    """A running child in a process group of its own, so that Ctrl-C reaches the supervisor only."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        *,
        command: ServerCommand,
        reader: asyncio.Task[None],
    ) -> None:
        self._process = process
        self._command = command
        self._reader = reader

    @classmethod
    async def start(
        cls, command: ServerCommand, *, mark: str, on_line: Callable[[bytes], None]
    ) -> "ChildProcess":
        """Start the process under the supervisor's mark; `on_line` gets each line it writes."""
        # A pipe of our own: with asyncio's, wait() lasts until all grandchildren closed it too.
        read_end, write_end = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *command.argv,
                env={**os.environ, **command.env, MARK: mark},
                cwd=command.cwd,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                user=command.user,
                group=command.user,
                extra_groups=[] if command.user else None,
                start_new_session=True,
                umask=0o077,  # what children write is for this user alone
                preexec_fn=pre_exec(command.death_signal),
            )
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        reader = asyncio.create_task(_read_lines(read_end, on_line))
        return cls(process, command=command, reader=reader)

    @property
    def pid(self) -> int:
        """The process id, which is the id of its group too."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait for its end, end what it started and left, and return its exit code.

        A process ended by signal N has the code -N.
        """
        code = await self._process.wait()
        self.kill()
        # A grandchild that left the group may hold the pipe: last lines are worth a moment only.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._reader, timeout=1)
        return code

    def ask_to_stop(self) -> None:
        """Send the polite signal."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(self._command.stop_signal)

    def kill(self) -> None:
        """End the whole group at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, KILL)


async def _read_lines(read_end: int, on_line: Callable[[bytes], None]) -> None:
    """Pass on each line; one longer than `LINE_BYTES_MAX` comes in pieces."""
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(read_end, "rb", buffering=0)
    )
    rest = b""
    try:
        while chunk := await stream.read(LINE_BYTES_MAX):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                on_line(line)
            if len(rest) >= LINE_BYTES_MAX:
                on_line(rest)
                rest = b""
        on_line(rest)
    finally:
        transport.close()
