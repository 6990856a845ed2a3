import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded.locks import AlreadyRunningError, DataDirLock
from infra.embedded.ports import (
    PortTakenError,
    free_port,
    is_free,
    last_port,
    remembered_port,
    require_free,
)

pytestmark = pytest.mark.integration
HOLDER = """
import sys
from pathlib import Path
from infra.embedded.locks import DataDirLock
with DataDirLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory)


@pytest.fixture
def holder(data_dir: Path) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_engine_is_told_who_holds_the_directory(
    data_dir: Path, holder: "subprocess.Popen[str]"
) -> None:
    with pytest.raises(AlreadyRunningError) as refused, DataDirLock(data_dir):
        pass
    assert str(refused.value).startswith(f"an engine already runs on {data_dir} ")
    assert refused.value.pid == holder.pid


def test_the_lock_of_a_killed_engine_is_taken_over(
    data_dir: Path, holder: "subprocess.Popen[str]"
) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with DataDirLock(data_dir):
        assert (data_dir / "engine.lock").read_text() == f"{os.getpid()}\n"


def test_the_lock_can_be_taken_again_after_its_end(data_dir: Path) -> None:
    for _ in range(2):
        with DataDirLock(data_dir):
            pass


def test_a_taken_port_names_the_port_its_user_and_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(PortTakenError) as refused:
            require_free(port, needed_by="the HTTP process", setting="ENGINE_HTTP_PORT")
    assert str(refused.value) == (
        f"port {port} is taken by another program: the HTTP process needs it; "
        "set ENGINE_HTTP_PORT to another port or stop that program"
    )
    require_free(port, needed_by="nobody", setting="-")


def test_a_port_is_remembered_while_it_is_free(data_dir: Path) -> None:
    file = data_dir / "port"
    first = remembered_port(file, wanted=0)
    assert last_port(file) == first == remembered_port(file, wanted=0)
    with socket.create_server(("127.0.0.1", first)):
        assert remembered_port(file, wanted=0) != first
    wanted = free_port()
    assert remembered_port(file, wanted=wanted) == wanted == last_port(file)


def test_an_unreadable_port_file_is_no_port(data_dir: Path) -> None:
    (data_dir / "port").write_text("not a number")
    assert last_port(data_dir / "port") is None
