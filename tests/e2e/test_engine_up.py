"""`engine up` as a user meets it: refused, killed, interrupted, and as somebody without rights."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from domain.delivery.events import EmailUncertain
from tests.support.campaign_evidence import Customer, people
from tests.support.running_engine import (
    ROOT,
    RunningEngine,
    environment,
    left_of,
    running_engine,
    wait_until,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PEOPLE = 600
RATE = "300"
IN_FLIGHT = 6 * 6  # messages: six chunks, each of what the rate allows in a fiftieth of a second


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A directory whose database is made once; the engines of this module follow each other."""
    with tempfile.TemporaryDirectory(prefix="engine-test-") as directory:
        yield Path(directory).resolve()


@pytest.fixture(scope="module")
def idle_engine() -> Iterator[RunningEngine]:
    """An engine after one that died with its files written; nothing else happens to it."""
    with tempfile.TemporaryDirectory(prefix="engine-test-") as directory:
        data_dir = Path(directory).resolve()
        (data_dir / "engine.lock").write_text(f"{os.getpid()}\n")
        written = {"ENGINE_HTTP_PORT": "1", "ENGINE_NATS_URL": "nats://127.0.0.1:1"}
        (data_dir / "endpoints.json").write_text(json.dumps(written))
        with running_engine(data_dir) as engine:
            yield engine


@pytest.fixture
def engine(data_dir: Path) -> Iterator[RunningEngine]:
    with running_engine(data_dir, ENGINE_SMTP_RATE=RATE) as engine:
        yield engine


def refused(data_dir: Path, **environ: str) -> str:
    """Start an engine that must not start; return the one line it says."""
    ended = subprocess.run(
        [sys.executable, "-m", "workers.cli.main", "up", "--log", "off"],
        cwd=ROOT,
        env=environment(data_dir, **environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    lines = (ended.stdout + ended.stderr).strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def in_mid_campaign(customer: Customer) -> UUID:
    before = customer.accepted()
    campaign = customer.launch()
    wait_until(lambda: customer.accepted() - before >= PEOPLE / 4, "the first mails")
    return campaign


def test_what_a_dead_engine_left_written_does_not_stop_the_next(idle_engine: RunningEngine) -> None:
    lock = idle_engine.data_dir / "engine.lock"
    assert lock.read_text() == f"{idle_engine.process.pid}\n"
    assert Customer(idle_engine.settings).imported(people(10))["valid"] == 10


def test_starting_twice_is_refused_in_one_sentence(idle_engine: RunningEngine) -> None:
    said = refused(idle_engine.data_dir)
    holder = f"{idle_engine.data_dir} (process {idle_engine.process.pid})"
    assert f"an engine already runs on {holder}" in said
    assert "ENGINE_DATA_DIR" in said
    assert idle_engine.process.poll() is None


@pytest.mark.parametrize("setting", ["ENGINE_HTTP_PORT", "ENGINE_POSTGRES_PORT"])
def test_a_taken_port_is_refused_in_one_sentence(tmp_path: Path, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        said = refused(tmp_path / "engine", **{setting: str(port)})
    assert f"port {port} is taken" in said
    assert f"set {setting} to another port" in said
    assert left_of(tmp_path) == []


def test_kill_9_leaves_nothing_and_the_next_start_ends_the_campaign(
    engine: RunningEngine, data_dir: Path
) -> None:
    customer = Customer(engine.settings)
    customer.imported(people(PEOPLE))
    campaign = in_mid_campaign(customer)
    engine.process.kill()
    engine.process.wait()
    wait_until(lambda: not left_of(data_dir), "the end of everything", within_s=20)
    with running_engine(data_dir, ENGINE_SMTP_RATE=RATE) as following:
        customer.settings = following.settings
        customer.wait_until_completed(campaign)
        evidence = customer.evidence(campaign)
        assert evidence.disagreements() == []
        assert evidence.count(EmailUncertain) <= IN_FLIGHT


def test_ctrl_c_drains_and_the_next_start_finds_nothing_in_doubt(
    engine: RunningEngine, data_dir: Path
) -> None:
    customer = Customer(engine.settings)
    customer.imported(people(PEOPLE))
    campaign = in_mid_campaign(customer)
    os.killpg(engine.process.pid, signal.SIGINT)  # as a terminal does: everybody in front
    assert engine.process.wait(60) == 0
    assert left_of(data_dir) == []
    assert not engine.said("child_killed")
    assert engine.said("engine_stopped")
    with running_engine(data_dir, ENGINE_SMTP_RATE=RATE) as following:
        customer.settings = following.settings
        customer.wait_until_completed(campaign)
        evidence = customer.evidence(campaign)
        assert evidence.disagreements() == []
        assert evidence.count(EmailUncertain) == 0


def test_a_second_ctrl_c_kills_what_does_not_end(engine: RunningEngine, data_dir: Path) -> None:
    deaf = engine.pid_of("dispatcher")
    os.kill(deaf, signal.SIGSTOP)
    engine.process.send_signal(signal.SIGINT)
    wait_until(lambda: engine.process.poll() is not None or not _runs(engine, "relay"), "draining")
    assert engine.process.poll() is None, "nothing was left to kill"
    engine.process.send_signal(signal.SIGINT)
    assert engine.process.wait(60) == 0
    assert left_of(data_dir) == []
    assert not engine.said("child_killed"), "the deadline killed it, not the second signal"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv (util-linux) is missing")
def test_an_ordinary_user_can_run_it_all() -> None:
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory(prefix="engine-test-", dir="/tmp") as directory:
        home = Path(directory).resolve()
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        as_nobody = [
            "setpriv",
            f"--reuid={nobody.pw_uid}",
            f"--regid={nobody.pw_gid}",
            "--clear-groups",
        ]
        if _cannot_run(as_nobody):
            pytest.skip("this Python or this checkout lies where an ordinary user cannot read")
        data_dir = home / "engine"
        engine = RunningEngine(data_dir, before=as_nobody, HOME=str(home))
        try:
            engine.wait_until_ready()
            owners = {Path(f"/proc/{pid}").stat().st_uid for pid in left_of(data_dir)}
            assert owners == {nobody.pw_uid}
            customer = Customer(engine.settings)
            customer.imported(people(20))
            campaign = customer.launch()
            customer.wait_until_completed(campaign)
            assert customer.evidence(campaign).disagreements() == []
            assert engine.stop(signal.SIGINT) == 0
            assert left_of(data_dir) == []
        finally:
            engine.end()


def _runs(engine: RunningEngine, name: str) -> bool:
    return Path(f"/proc/{engine.pid_of(name)}").exists()


def _cannot_run(as_somebody: list[str]) -> bool:
    """Tell whether that user may not start what an engine starts (setpriv's own exec may)."""
    start_another = "import subprocess, sys; subprocess.run([sys.executable, '-c', %r], check=True)"
    probe = [*as_somebody, sys.executable, "-c", start_another % "import workers.cli.main"]
    return subprocess.run(probe, cwd=ROOT, capture_output=True, check=False).returncode != 0
