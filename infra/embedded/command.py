"""How one embedded server is started: the value the supervisor and the tests both run."""

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from infra.embedded.parent_death import pre_exec


class ServerCommand(Struct, frozen=True, kw_only=True):
    """A foreground process: what to run, as whom, and which signal ends it politely.

    `user` is a system user's name, or None for the current one.
    `death_signal` is what the kernel sends when the parent dies without a word.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL


def spawn(command: ServerCommand, *, log: Path) -> subprocess.Popen[bytes]:
    """Start the process with its output appended to `log`; it dies with this process."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command.argv,
            env={**os.environ, **command.env},
            cwd=command.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=command.user,
            group=command.user,
            extra_groups=[] if command.user else None,
            start_new_session=True,
            preexec_fn=pre_exec(command.death_signal),  # noqa: PLW1509 - only one prctl call
        )


def stop(process: subprocess.Popen[bytes], *, stop_signal: signal.Signals, within_s: float) -> None:
    """End the process: politely first, with SIGKILL to its whole group after `within_s`."""
    if process.poll() is not None:
        return
    process.send_signal(stop_signal)
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
