"""Look at this machine's processes through /proc, and end those a dead engine left behind."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

PROC = Path("/proc")


def pids() -> Iterator[int]:
    """Yield every process id that exists now."""
    return (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def name_of(pid: int) -> str:
    """Return the kernel's short name of the process, or "" when it is gone."""
    return _read(pid, "comm").strip()


def argv_of(pid: int) -> list[str]:
    """Return the command line, or [] when the process is gone."""
    return _read(pid, "cmdline").rstrip("\0").split("\0")


def cwd_of(pid: int) -> Path | None:
    """Return the working directory, or None when it cannot be seen."""
    try:
        return (PROC / str(pid) / "cwd").readlink()
    except OSError:
        return None


def environment_of(pid: int) -> list[bytes]:
    """Return the `NAME=value` pairs the process was started with; [] when they cannot be seen."""
    try:
        return (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def end(
    targets: Callable[[], Iterable[int]], *, signals: Iterable[tuple[signal.Signals, float]]
) -> list[int]:
    """Signal the processes with each `(signal, seconds to wait)` in turn until none is left.

    Returns the ids that were there at first. `targets` is asked again after every wait.
    """
    found = left = list(targets())
    for number, wait_s in signals:
        for pid in left:
            _kill(pid, number)
        deadline = time.monotonic() + wait_s
        while (left := list(targets())) and time.monotonic() < deadline:
            time.sleep(0.02)
    return found


def _kill(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _read(pid: int, file: str) -> str:
    try:
        return (PROC / str(pid) / file).read_text(errors="replace")
    except OSError:
        return ""
