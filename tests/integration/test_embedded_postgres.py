import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra.embedded import processes
from infra.embedded.ports import free_port
from infra.embedded.postgres import EmbeddedPostgres, EmbeddedPostgresError
from infra.embedded.postgres_conf import shared_buffers_mib
from infra.embedded.server_user import SERVER_USER, open_programs, open_way_to

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="engine-test-") as directory:
        yield Path(directory).resolve()


@pytest.fixture
def postgres(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    """Run the module's cluster; each test may stop or kill it."""
    server = EmbeddedPostgres(data_dir, fsync=False)
    server.start()
    yield server
    server.stop()


def ask(server: EmbeddedPostgres, query: str) -> object:
    with psycopg.connect(server.dsn()) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row
        return row[0]


def test_the_server_is_version_18_with_checksums_in_utf8(postgres: EmbeddedPostgres) -> None:
    assert ask(postgres, "SHOW server_version_num").startswith("18")  # type: ignore[attr-defined]
    assert ask(postgres, "SHOW data_checksums") == "on"
    assert ask(postgres, "SHOW server_encoding") == "UTF8"
    assert ask(postgres, "SHOW timezone") == "UTC"


def test_text_is_ordered_by_code_point_and_case_knows_unicode(postgres: EmbeddedPostgres) -> None:
    assert ask(postgres, "SELECT array_agg(x ORDER BY x) FROM unnest('{b,é,B,z,a}'::text[]) x") == [
        "B",
        "a",
        "b",
        "z",
        "é",
    ]
    assert ask(postgres, "SELECT lower('ÄÉŞ')") == "äéş"


def test_a_wrong_password_is_refused_on_both_ways_in(postgres: EmbeddedPostgres) -> None:
    for host in ("127.0.0.1", str(postgres.socket_dir)):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(
                host=host,
                port=postgres.port,
                user="postgres",
                password="guessed",
                dbname="postgres",
            )


def test_the_unix_socket_takes_the_password(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(
        host=str(postgres.socket_dir),
        port=postgres.port,
        user="postgres",
        password=postgres.password,
        dbname="postgres",
    ) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_secrets_and_data_are_readable_by_their_owner_alone(postgres: EmbeddedPostgres) -> None:
    def mode(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    assert mode(postgres.data_dir / "postgres.password") == 0o600
    assert mode(postgres.cluster) == 0o700
    assert mode(postgres.cluster / "postgresql.conf") == 0o600


def test_a_killed_server_starts_again_with_all_that_was_committed(
    postgres: EmbeddedPostgres,
) -> None:
    with psycopg.connect(postgres.dsn()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    postgres.kill()
    postgres.start()
    assert ask(postgres, "SELECT max(n) FROM kept") == 7


def test_a_stale_pid_file_that_names_a_living_stranger_is_ignored(
    postgres: EmbeddedPostgres,
) -> None:
    postgres.stop()
    user = SERVER_USER if os.geteuid() == 0 else None
    with subprocess.Popen(["/bin/sleep", "60"], user=user) as stranger:
        lines = (stranger.pid, postgres.cluster, 1, postgres.port, "", "127.0.0.1", "1 1", "ready")
        (postgres.cluster / "postmaster.pid").write_text("".join(f"{line}\n" for line in lines))
        postgres.start()
        assert postgres.ready()
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("written", ["", "1", "1\n/data\n1\n1\n\n127.0.0.1\n1 1\nstarting\n"])
def test_a_pid_file_that_is_being_written_is_not_ready(data_dir: Path, written: str) -> None:
    server = EmbeddedPostgres(data_dir, fsync=False)
    server.prepare()
    (server.cluster / "postmaster.pid").write_text(written)
    assert not server.ready()


def test_an_orphan_of_this_directory_is_stopped_before_the_next_start(data_dir: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from infra.embedded.postgres import *\n"
        "import infra.embedded.command as c\n"
        "c.pre_exec = lambda _signal: None\n"  # as if the kernel's help were missing
        "EmbeddedPostgres(Path(sys.argv[1]), fsync=False).start()\n"
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(data_dir)], timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL
    server = EmbeddedPostgres(data_dir, fsync=False)
    assert server.ready(), "the orphan should still answer"
    server.start()
    assert server.ready()
    server.stop()
    assert not server.ready()


def test_the_server_ends_when_its_parent_is_killed(data_dir: Path) -> None:
    script = (
        "import sys, os, signal; from pathlib import Path\n"
        "from infra.embedded.postgres import EmbeddedPostgres\n"
        "EmbeddedPostgres(Path(sys.argv[1]), fsync=False).start()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(data_dir)], timeout=60, check=False)
    server = EmbeddedPostgres(data_dir, fsync=False)
    deadline = time.monotonic() + 10
    while server._servers():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_cluster_of_another_version_is_refused_with_the_repair(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir, fsync=False)
    server.prepare()
    version = server.cluster / "PG_VERSION"
    version.write_text("17\n")
    try:
        with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 17.*ENGINE_DATA_DIR"):
            server.prepare()
    finally:
        version.write_text("18\n")


def test_an_interrupted_initdb_is_begun_anew() -> None:
    with tempfile.TemporaryDirectory(prefix="engine-test-") as directory:
        half = Path(directory) / "postgres.new"
        half.mkdir()
        (half / "PG_VERSION").write_text("18\n")
        with EmbeddedPostgres(Path(directory), fsync=False) as server:
            assert server.ready()


def test_a_long_path_puts_the_socket_where_it_fits() -> None:
    with tempfile.TemporaryDirectory(prefix="engine-test-") as directory:
        deep = Path(directory) / ("d" * 90)
        server = EmbeddedPostgres(deep, fsync=False)
        try:
            with server:
                assert (server.socket_dir / f".s.PGSQL.{server.port}").is_socket()
        finally:
            server.socket_dir.rmdir()


def test_a_port_that_is_asked_for_is_used(data_dir: Path) -> None:
    port = free_port()
    with EmbeddedPostgres(data_dir, port=port, fsync=False) as server:
        assert server.port == port
        assert f":{port}/" in server.url()


def test_a_start_that_fails_says_what_the_server_said(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir, fsync=False)
    with (
        server,
        tempfile.TemporaryDirectory(prefix="engine-test-") as other,
        pytest.raises(EmbeddedPostgresError, match="could not create any TCP"),
    ):
        EmbeddedPostgres(Path(other), port=server.port, fsync=False).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a user to change to")
def test_under_root_the_server_runs_as_its_own_user(postgres: EmbeddedPostgres) -> None:
    [postmaster, *_] = sorted(postgres._servers())
    assert (processes.PROC / str(postmaster)).stat().st_uid != 0


def test_the_way_to_a_file_is_opened_for_passing_only() -> None:
    with tempfile.TemporaryDirectory(prefix="engine-test-") as directory:
        inner = Path(directory) / "inner"
        inner.mkdir(mode=0o700)
        assert open_way_to(inner / "file") == [inner, Path(directory)]
        assert stat.S_IMODE(inner.stat().st_mode) == 0o701
        assert open_way_to(inner / "file") == []


def test_programs_closed_by_a_strict_umask_are_opened_for_reading_and_running() -> None:
    with tempfile.TemporaryDirectory(prefix="engine-test-") as directory:
        program, library = Path(directory) / "bin" / "postgres", Path(directory) / "lib" / "x.so"
        for file, mode in ((program, 0o700), (library, 0o600)):
            file.parent.mkdir(mode=0o700)
            file.touch(mode=mode)
        assert open_programs(Path(directory), program=program)
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (program, library, library.parent)]
        assert modes == [0o705, 0o604, 0o705]
        assert not open_programs(Path(directory), program=program)


@pytest.mark.parametrize(("memory_gib", "mib"), [(1, 256), (4, 512), (23, 1024)])
def test_shared_buffers_follow_the_memory(memory_gib: int, mib: int) -> None:
    assert shared_buffers_mib(memory_gib * 1024**3) == mib
