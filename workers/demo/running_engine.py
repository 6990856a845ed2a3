"""An engine of the demo's own, in a data directory of its own, on free ports."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from psycopg import OperationalError

from infra.bootstrap import Adapters
from infra.embedded.parent_death import pre_exec
from infra.postgres.connections import Role
from infra.postgres.heartbeats import beating
from infra.settings import Settings, load_settings
from workers.engine_parts import WORKERS

START_WITHIN_S = 120.0
STOP_WITHIN_S = 60.0
FRESH_S = 60.0


@contextmanager
def running_engine(data_dir: Path, *, rate: float) -> Iterator[Settings]:
    """Start `engine up` in the directory, yield its settings when all is ready, stop it after."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith("ENGINE_")
    } | {
        "ENGINE_DATA_DIR": str(data_dir),
        "ENGINE_SMTP_RATE": str(rate),
        **dict.fromkeys(
            (
                "ENGINE_HTTP_PORT",
                "ENGINE_POSTGRES_PORT",
                "ENGINE_NATS_PORT",
                "ENGINE_CATCHER_SMTP_PORT",
                "ENGINE_CATCHER_HTTP_PORT",
            ),
            "0",
        ),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "workers.cli.main", "up", "--log", "off"],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C reaches the demo, which stops the engine in order
        # and so does the demo's own end, even by kill -9 (no thread runs yet that could be hurt)
        preexec_fn=pre_exec(signal.SIGTERM),  # noqa: PLW1509
    )
    try:
        yield _ready(process, data_dir)
    finally:
        _stop(process)


def _ready(process: subprocess.Popen[str], data_dir: Path) -> Settings:
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said = (process.stdout.read() if process.stdout else "").strip()
            raise click.ClickException(f"the engine did not start: {said or 'it says nothing'}")
        if (data_dir / "endpoints.json").exists():
            settings = load_settings({"ENGINE_DATA_DIR": str(data_dir)})
            if _answers(settings) and _beating(settings):
                return settings
        time.sleep(0.2)
    raise click.ClickException(
        f"the engine is not ready after {START_WITHIN_S:.0f} s: see {data_dir}/log/engine.log"
    )


def _answers(settings: Settings) -> bool:
    connection = http.client.HTTPConnection(settings.http_host, settings.http_port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _beating(settings: Settings) -> bool:
    """Tell whether every worker has said that it is alive."""
    adapters = Adapters(settings, role=Role.WORKER, name="engine-demo", pool_size=1)
    try:
        return set(WORKERS) <= beating(adapters.pool, within_s=FRESH_S)
    except OperationalError:
        return False
    finally:
        adapters.close()


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
