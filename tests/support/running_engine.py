"""A real `engine up` in a directory of its own: start it, find its parts, kill them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.embedded import processes
from infra.embedded.orphans import MARK
from infra.embedded.parent_death import pre_exec
from infra.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
PORTS = ("HTTP", "POSTGRES", "NATS", "CATCHER_SMTP", "CATCHER_HTTP")
START_WITHIN_S = 90.0
STOP_WITHIN_S = 60.0


class RunningEngine:
    """One life of an engine; `before` is put before the command, `ENGINE_...` around it."""

    def __init__(self, data_dir: Path, *, before: Sequence[str] = (), **environ: str) -> None:
        self.data_dir = data_dir.resolve()
        self._log = self.data_dir / "log" / "engine.log"
        self._from = self._log.stat().st_size if self._log.exists() else 0
        self.process = subprocess.Popen(
            [*before, sys.executable, "-m", "workers.cli.main", "up", "--log", "off"],
            cwd=ROOT,
            env=environment(self.data_dir, **environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # A killed test run leaves no engine behind; no thread runs yet that could be hurt.
            preexec_fn=pre_exec(signal.SIGTERM),  # noqa: PLW1509
        )

    def wait_until_ready(self) -> "RunningEngine":
        wait_until(
            lambda: self.process.poll() is not None or self.said("engine_ready"),
            "the engine's start",
            within_s=START_WITHIN_S,
        )
        assert self.process.poll() is None, self.last_words()
        return self

    @property
    def settings(self) -> Settings:
        return load_settings({"ENGINE_DATA_DIR": str(self.data_dir)})

    def said(self, event: str, **fields: object) -> list[dict[str, Any]]:
        """Return the lines of this life with that event and those fields."""
        with self._log.open("rb") if self._log.exists() else open(os.devnull, "rb") as log:  # noqa: PTH123
            log.seek(self._from)
            whole = log.read().rpartition(b"\n")[0]
        lines = [json.loads(line) for line in whole.splitlines() if event.encode() in line]
        return [
            line
            for line in lines
            if line["event"] == event and all(line.get(n) == v for n, v in fields.items())
        ]

    def pid_of(self, name: str) -> int:
        """Return the process of a part, of its last start."""
        return int(self.said("child_ready", name=name)[-1]["pid"])

    def kill(self, name: str) -> int:
        """SIGKILL a part; returns how often it had been ready until then."""
        starts = self.said("child_ready", name=name)
        os.kill(starts[-1]["pid"], signal.SIGKILL)
        return len(starts)

    def wait_until_back(self, name: str, *, starts: int) -> None:
        """Wait until the part is ready once more than `starts` times."""
        wait_until(lambda: len(self.said("child_ready", name=name)) > starts, f"{name} to be back")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal the engine once and return its exit code; by force when it does not end."""
        self.process.send_signal(number)
        try:
            return self.process.wait(STOP_WITHIN_S)
        finally:
            self.end()

    def end(self) -> None:
        """Leave nothing behind, whatever the test did."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        processes.end(lambda: left_of(self.data_dir), signals=[(signal.SIGKILL, 10.0)])

    def last_words(self) -> str:
        return (self.process.stdout.read() if self.process.stdout else "").strip()


@contextmanager
def running_engine(data_dir: Path, **environ: str) -> Iterator[RunningEngine]:
    engine = RunningEngine(data_dir, **environ)
    try:
        yield engine.wait_until_ready()
    finally:
        if engine.process.poll() is None:
            engine.stop()
        engine.end()


def environment(data_dir: Path, **environ: str) -> dict[str, str]:
    """Return our environment with any port free and no other setting than those given."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("ENGINE_")}
    free = {f"ENGINE_{name}_PORT": "0" for name in PORTS}
    return bare | free | {"ENGINE_DATA_DIR": str(data_dir)} | environ


def left_of(data_dir: Path) -> list[int]:
    """Return every process of an engine of this directory, its database and guardian included."""
    mark, own = f"{MARK}={data_dir}#".encode(), str(data_dir)
    return [
        pid
        for pid in processes.pids()
        if pid != os.getpid()
        and not _is_dead(pid)
        and (
            any(pair.startswith(mark) for pair in processes.environment_of(pid))
            or any(own in argument for argument in processes.argv_of(pid))
            or own in str(processes.cwd_of(pid) or "")
        )
    ]


def wait_until(holds: Callable[[], object], what: str, *, within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"waited {within_s:g} s for {what}"
        time.sleep(0.05)


def _is_dead(pid: int) -> bool:
    """A killed process whose parent has not asked for its end yet runs no more."""
    try:
        return "\nState:\tZ" in (processes.PROC / str(pid) / "status").read_text()
    except OSError:
        return True
