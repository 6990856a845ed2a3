import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded.command import ServerCommand
from infra.embedded.orphans import MARK, end_orphans, mark_for, orphans, start_guardian
from workers.child_process import ChildProcess
from workers.engine_log import Console, EngineLog
from workers.restart_policy import RestartPolicy
from workers.supervisor import Child, ChildFailedError, Supervisor

pytestmark = pytest.mark.integration
IMPATIENT = RestartPolicy(quick_s=5, quick_deaths=3, first_wait_s=0.01, longest_wait_s=0.02)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="engine-test-") as directory:
        yield Path(directory).resolve()


@pytest.fixture
def log(data_dir: Path) -> Iterator[EngineLog]:
    log = EngineLog(data_dir, console=Console.OFF)
    yield log
    log.close()


def shell(name: str, script: str, **options: object) -> Child:
    command = ServerCommand(argv=("/bin/sh", "-c", script))
    return Child(name=name, command=lambda: command, **options)  # type: ignore[arg-type]


def lines_of(log: EngineLog) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.path.read_text().splitlines()]


def marked(data_dir: Path) -> list[int]:
    return orphans(data_dir)


def gone(data_dir: Path, *, within_s: float = 10) -> bool:
    deadline = time.monotonic() + within_s
    while marked(data_dir) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not marked(data_dir)


async def until(condition: object, *, within_s: float = 10) -> None:
    deadline = time.monotonic() + within_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


async def test_a_child_starts_after_what_it_depends_on_is_ready(
    data_dir: Path, log: EngineLog
) -> None:
    file = data_dir / "database"
    children = [
        shell("step", f"sleep 0.2; touch {file}", once=True),
        shell("app", f"test -f {file} && echo found; exec sleep 60", depends_on=("step",)),
    ]
    async with Supervisor(children, data_dir=data_dir, log=log):
        await until(lambda: any(line["event"] == "found" for line in lines_of(log)))


async def test_children_end_after_those_that_need_them(data_dir: Path, log: EngineLog) -> None:
    trap = "trap 'sleep {}; echo bye; exit 0' TERM; while :; do sleep 0.02; done"
    children = [
        shell("database", trap.format(0)),
        shell("queue", trap.format(0)),
        shell("app", trap.format(0.4), depends_on=("database", "queue")),
    ]
    async with Supervisor(children, data_dir=data_dir, log=log):
        await asyncio.sleep(0.2)
    byes = [line["child"] for line in lines_of(log) if line["event"] == "bye"]
    assert byes[0] == "app"
    assert sorted(byes[1:]) == ["database", "queue"]
    assert marked(data_dir) == []


async def test_a_child_that_dies_is_started_again(data_dir: Path, log: EngineLog) -> None:
    async with Supervisor(
        [shell("app", "exec sleep 60")], data_dir=data_dir, log=log, restart=IMPATIENT
    ) as supervisor:
        first = supervisor.pid_of("app")
        assert first
        os.kill(first, signal.SIGKILL)
        await until(lambda: supervisor.pid_of("app") not in {None, first})
    died = next(line for line in lines_of(log) if line["event"] == "child_died")
    assert (died["name"], died["code"]) == ("app", -9)


async def test_a_child_that_keeps_dying_stops_the_engine_with_one_sentence(
    data_dir: Path, log: EngineLog
) -> None:
    children = [shell("other", "exec sleep 60"), shell("app", "echo I fall; exit 3")]
    with pytest.raises(ChildFailedError, match=r"app ended 3 times in a row .* exit code 3"):
        async with Supervisor(children, data_dir=data_dir, log=log, restart=IMPATIENT) as engine:
            await engine.watch()
    assert marked(data_dir) == []


async def test_a_failed_step_keeps_the_rest_from_starting(data_dir: Path, log: EngineLog) -> None:
    children = [
        shell("migrate", "exit 1", once=True),
        shell("app", "echo up", depends_on=("migrate",)),
    ]
    with pytest.raises(ChildFailedError, match=r"migrate failed \(exit code 1\)"):
        async with Supervisor(children, data_dir=data_dir, log=log):
            pass
    assert not any(line["event"] == "up" for line in lines_of(log))


async def test_a_child_that_never_gets_ready_is_ended_and_stops_the_engine(
    data_dir: Path, log: EngineLog
) -> None:
    child = shell("app", "exec sleep 60", ready=lambda: False, ready_within_s=0.1)
    with pytest.raises(ChildFailedError, match="app"):
        async with Supervisor([child], data_dir=data_dir, log=log, restart=IMPATIENT):
            pass


async def test_an_error_while_preparing_stops_the_engine(data_dir: Path, log: EngineLog) -> None:
    def prepare() -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        async with Supervisor(
            [shell("app", "exec sleep 60", prepare=prepare)], data_dir=data_dir, log=log
        ):
            pass


async def test_a_child_deaf_to_the_polite_signal_is_killed_at_its_deadline(
    data_dir: Path, log: EngineLog
) -> None:
    deaf = shell("deaf", "trap '' TERM; while :; do sleep 0.05; done", stop_within_s=0.2)
    async with Supervisor([deaf], data_dir=data_dir, log=log):
        await asyncio.sleep(0.1)
    assert any(line["event"] == "child_killed" for line in lines_of(log))
    assert marked(data_dir) == []


async def test_what_a_child_started_ends_with_it(data_dir: Path, log: EngineLog) -> None:
    async with Supervisor([shell("app", "sleep 60 & sleep 60 & wait")], data_dir=data_dir, log=log):
        await until(lambda: len(marked(data_dir)) == 3)
    assert marked(data_dir) == []


async def test_what_a_dead_child_left_is_gone_before_it_starts_again(data_dir: Path) -> None:
    command = ServerCommand(argv=("/bin/sh", "-c", "sleep 60 & exit 1"))
    mark = mark_for(data_dir, supervisor=1)
    child = await ChildProcess.start(command, mark=mark, on_line=lambda _line: None)
    assert await child.wait() == 1
    await until(lambda: not marked(data_dir), within_s=2)


async def test_long_and_unfinished_lines_are_logged_in_pieces(
    data_dir: Path, log: EngineLog
) -> None:
    script = "head -c 200000 /dev/zero | tr '\\0' x; echo; printf end"
    async with Supervisor([shell("app", script, once=True)], data_dir=data_dir, log=log):
        pass
    events = [line["event"] for line in lines_of(log) if line["child"] == "app"]
    assert events[-1] == "end"
    assert len(events) > 2


ENGINE = """
import asyncio, sys
from pathlib import Path
from infra.embedded.command import ServerCommand
from infra.embedded.orphans import MARK, end_orphans, mark_for, orphans, start_guardian
from workers.engine_log import Console, EngineLog
from workers.supervisor import Child, Supervisor, run_until_signal

data_dir, script = Path(sys.argv[1]), sys.argv[2]
command = ServerCommand(argv=("/bin/sh", "-c", script))
log = EngineLog(data_dir, console=Console.OFF)
engine = Supervisor([Child(name="app", command=lambda: command)], data_dir=data_dir, log=log)
asyncio.run(run_until_signal(engine, on_ready=lambda: print("ready", flush=True)))
"""


def engine_process(data_dir: Path, script: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", ENGINE, str(data_dir), script],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_signal_drains_and_ends_with_success(data_dir: Path) -> None:
    with engine_process(data_dir, "exec sleep 60") as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    assert marked(data_dir) == []


def test_a_second_signal_kills_at_once(data_dir: Path) -> None:
    with engine_process(data_dir, "trap '' TERM; while :; do sleep 0.05; done") as process:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    assert marked(data_dir) == []


def test_children_die_with_a_killed_supervisor_and_so_does_what_they_started(
    data_dir: Path,
) -> None:
    with engine_process(data_dir, "sleep 60 & wait") as process:
        assert len(marked(data_dir)) == 2
        process.kill()
        process.wait(5)
    assert gone(data_dir)


def test_an_orphan_that_is_deaf_and_has_no_guardian_is_ended_by_the_next_start(
    data_dir: Path,
) -> None:
    env = {**os.environ, MARK: mark_for(data_dir, supervisor=1)}
    deaf = ["/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.05; done"]
    with subprocess.Popen(deaf, env=env, stdout=subprocess.PIPE, text=True) as orphan:
        assert orphan.stdout
        orphan.stdout.readline()
        assert orphan.pid in end_orphans(data_dir)
        assert orphan.wait(5) == -signal.SIGKILL


def test_a_guardian_spares_the_children_of_the_next_supervisor(data_dir: Path) -> None:
    guardian = start_guardian(data_dir)
    env = {**os.environ, MARK: mark_for(data_dir, supervisor=1)}
    with subprocess.Popen(["/bin/sleep", "60"], env=env) as of_the_next_one:
        guardian.communicate()
        assert of_the_next_one.poll() is None
        of_the_next_one.kill()
