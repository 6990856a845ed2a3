"""Find and end what a dead supervisor left running, by a mark in the environment.

Also a program, the supervisor's guardian: it waits until its standard input closes, which the
kernel does when the supervisor ends in whatever way, and then ends what bears the mark.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from infra.embedded import processes

MARK = "ENGINE_SUPERVISED_BY"
"""Stands in the environment of each child and of all it starts: data directory, supervisor."""


def mark_for(data_dir: Path, *, supervisor: int) -> str:
    """Return the mark's value for the children of one supervisor."""
    return f"{data_dir}#{supervisor}"


def orphans(data_dir: Path, *, supervisor: int | None = None) -> list[int]:
    """Return the processes of this directory, of one supervisor or of any.

    PostgreSQL is left out: it has its own gentle way (`EmbeddedPostgres.stop_leftovers`).
    """
    start = f"{MARK}={data_dir}#{supervisor or ''}".encode()
    return [
        pid
        for pid in processes.pids()
        if pid != os.getpid()
        and any(
            pair == start if supervisor else pair.startswith(start)
            for pair in processes.environment_of(pid)
        )
        and processes.name_of(pid) != "postgres"
    ]


def end_orphans(data_dir: Path, *, supervisor: int | None = None) -> list[int]:
    """End them and return their ids.

    Without `supervisor` call it only while holding the directory's lock: whatever bears the mark
    then has lost its supervisor.
    """
    return processes.end(
        lambda: orphans(data_dir, supervisor=supervisor),
        signals=[(signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)],
    )


def start_guardian(data_dir: Path) -> "subprocess.Popen[bytes]":
    """Start the guardian of this process; closing its standard input dismisses it."""
    return subprocess.Popen(
        [sys.executable, "-m", __name__, str(data_dir), str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
        start_new_session=True,  # Ctrl-C is for the supervisor
    )


if __name__ == "__main__":
    sys.stdin.buffer.read()
    end_orphans(Path(sys.argv[1]), supervisor=int(sys.argv[2]))
