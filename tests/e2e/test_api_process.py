"""`engine api` as a process: starts, answers, drains, and says one sentence when it cannot."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx
import pytest

from infra.bootstrap import Adapters
from infra.embedded.ports import free_port
from infra.settings import Settings
from tests.support.http_client import found_house

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROOT = Path(__file__).parents[2]


def environment(settings: Settings, port: int) -> dict[str, str]:
    return os.environ | {
        "ENGINE_DATA_DIR": str(settings.data_dir),
        "ENGINE_DATABASE_URL": settings.database_url,
        "ENGINE_VAULT_URL": settings.vault_url,
        "ENGINE_NATS_URL": settings.nats_url,
        "ENGINE_SECRET_KEY": settings.secret_key.reveal(),
        "ENGINE_HTTP_PORT": str(port),
    }


def command() -> list[str]:
    return [sys.executable, "-m", "workers.cli.main", "api"]


@contextmanager
def api_process(
    settings: Settings, port: int, *, output: IO[str] | int = subprocess.PIPE, **environ: str
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command(),
        cwd=ROOT,
        env=environment(settings, port) | environ,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not answers(port):
            assert process.poll() is None, process.stdout and process.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).is_success
    except httpx.HTTPError:
        return False


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_it_serves_and_drains_on_sigterm(settings: Settings, app: Adapters) -> None:
    house, port = found_house(app), free_port()
    with api_process(settings, port) as process:
        address = f"http://127.0.0.1:{port}"
        assert httpx.get(f"{address}/v1/templates", headers=house.headers).json()["items"] == []
        refused = httpx.get(f"{address}/v1/templates")
        assert refused.headers["content-type"] == "application/problem+json"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert not answers(port)


def test_its_worker_dies_with_it(settings: Settings) -> None:
    port = free_port()
    with api_process(settings, port) as process:
        children = children_of(process.pid)
        assert children
        process.kill()
        process.wait()
        deadline = time.monotonic() + 10
        while any(is_running(pid) for pid in children):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_taken_port_is_one_sentence(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            command(),
            cwd=ROOT,
            env=environment(settings, port),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 1
    assert f"port {port} is taken" in ended.stderr
    assert "ENGINE_HTTP_PORT" in ended.stderr
    assert "Traceback" not in ended.stderr
