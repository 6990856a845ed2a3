import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra.embedded.locks import AlreadyRunningError
from infra.embedded.ports import PortTakenError
from infra.embedded.postgres import EmbeddedPostgres
from infra.settings import Settings, load_settings
from workers.cli.up import up
from workers.engine import prepared_engine
from workers.engine_log import Console
from workers.engine_parts import ROLES, WORKERS, engine_children

pytestmark = pytest.mark.integration
FREE = {
    "ENGINE_HTTP_PORT": "0",
    "ENGINE_POSTGRES_PORT": "0",
    "ENGINE_NATS_PORT": "0",
    "ENGINE_CATCHER_SMTP_PORT": "0",
    "ENGINE_CATCHER_HTTP_PORT": "0",
}
CRASHED = """
import os, signal, sys
from infra.settings import load_settings
from workers.engine import prepared_engine
with prepared_engine(load_settings(), roles=()) as engine:
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="engine-test-") as directory:
        yield Path(directory).resolve()


def settings_for(data_dir: Path, **changed: str) -> Settings:
    return load_settings({**FREE, "ENGINE_DATA_DIR": str(data_dir), **changed})


def test_a_prepared_engine_writes_down_how_to_reach_it(data_dir: Path) -> None:
    with prepared_engine(settings_for(data_dir), console=Console.OFF) as engine:
        file = data_dir / "endpoints.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        seen = load_settings({"ENGINE_DATA_DIR": str(data_dir)})
        for name in ("database_url", "vault_url", "nats_url", "http_port", "public_url"):
            assert getattr(seen, name) == getattr(engine.settings, name)
        assert seen.secret_key.reveal() == engine.settings.secret_key.reveal()
        assert seen.smtp.port == engine.settings.smtp.port != 0
        assert str(engine.settings.http_port) in engine.settings.public_url
    assert not file.exists()


def test_a_second_engine_on_the_directory_is_refused(data_dir: Path) -> None:
    with (
        prepared_engine(settings_for(data_dir), console=Console.OFF),
        pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}"),
        prepared_engine(settings_for(data_dir), console=Console.OFF),
    ):
        pass


@pytest.mark.parametrize(
    "setting",
    [
        "ENGINE_HTTP_PORT",
        "ENGINE_POSTGRES_PORT",
        "ENGINE_NATS_PORT",
        "ENGINE_CATCHER_SMTP_PORT",
        "ENGINE_CATCHER_HTTP_PORT",
    ],
)
def test_a_taken_port_is_named_with_the_setting_that_changes_it(
    data_dir: Path, setting: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        settings = settings_for(data_dir, **{setting: str(port)})
        with (
            pytest.raises(PortTakenError, match=f"port {port} .* {setting} "),
            prepared_engine(settings, console=Console.OFF),
        ):
            pass


def test_the_next_engine_follows_a_killed_one(data_dir: Path) -> None:
    env = {**os.environ, **FREE, "ENGINE_DATA_DIR": str(data_dir)}
    killed = subprocess.run([sys.executable, "-c", CRASHED], env=env, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (data_dir / "endpoints.json").exists()
    with prepared_engine(settings_for(data_dir), console=Console.OFF) as engine:
        assert engine.settings.secret_key.reveal() == (data_dir / "secret.key").read_text()


def test_an_orphaned_database_is_stopped_before_its_port_is_asked_for(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, fsync=False) as orphan:
        settings = settings_for(data_dir, ENGINE_POSTGRES_PORT=str(orphan.port))
        with prepared_engine(settings, console=Console.OFF):
            assert not orphan.ready()


def test_parts_that_run_elsewhere_are_not_started(data_dir: Path) -> None:
    elsewhere = {
        "ENGINE_DATABASE_URL": "postgresql://u:p@db.example.com/engine",
        "ENGINE_NATS_URL": "nats://nats.example.com:4222",
        "ENGINE_SMTP_HOST": "smtp.example.com",
    }
    settings = settings_for(data_dir, **elsewhere)
    with prepared_engine(settings, console=Console.OFF) as engine:
        assert engine.settings.database_url == elsewhere["ENGINE_DATABASE_URL"]
        written = json.loads((data_dir / "endpoints.json").read_text())
        assert not {"ENGINE_DATABASE_URL", "ENGINE_VAULT_URL", "ENGINE_NATS_URL"} & set(written)
    children = engine_children(settings, roles=ROLES, postgres=None, nats=None)
    assert [child.name for child in children] == ["migrate", "api", *WORKERS]


def test_everything_waits_for_the_migration_and_that_for_the_stores(data_dir: Path) -> None:
    settings = settings_for(data_dir)
    with prepared_engine(settings, console=Console.OFF) as engine:
        children = engine.supervisor.children
    assert children["migrate"].once
    assert children["migrate"].depends_on == ("postgres", "nats")
    for name in ROLES:
        assert children[name].depends_on == ("postgres", "nats", "mail-catcher", "migrate")


def test_a_refusal_leaves_the_running_engine_alone(data_dir: Path) -> None:
    with (
        EmbeddedPostgres(data_dir, fsync=False) as postgres,
        prepared_engine(
            settings_for(data_dir, ENGINE_DATABASE_URL=postgres.url()), console=Console.OFF
        ),
    ):
        with pytest.raises(AlreadyRunningError):
            up(settings_for(data_dir), console=Console.OFF)
        psycopg.connect(postgres.dsn()).close()
