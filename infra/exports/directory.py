"""The directory of an export: files that grow, and where they are whole."""

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from infra.exports.job import ExportJob, Progress
from infra.files.durable import write_whole

EVENTS, COMMITS, SEALS = FILES = ("events.jsonl", "commits.jsonl", "seals.jsonl")
MANIFEST = "manifest.json"
PROGRESS = "progress.json"
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
DIRECTORY_MODE, FILE_MODE = 0o700, 0o600


class ExportDirectoryError(Exception):
    """The directory cannot take this export; the message says what to do."""


class DirectoryBusyError(ExportDirectoryError):
    """Somebody else is at it."""


class DiskFullError(Exception):
    """There is no room; what was written is whole, and the export can go on from there."""


class ExportDirectory:
    """One export on disk, readable for its owner alone. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: dict[str, BinaryIO] = {}

    def open(self, job: ExportJob, new: Callable[[], Progress]) -> Progress:
        """Open the files, cut to where they are whole; return how far the export is.

        Raises DirectoryBusyError while another process writes here, and ExportDirectoryError for
        another export, a finished one, or one whose files are shorter than it says.
        """
        begun_job(self.path)
        self.path.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        for name in FILES:
            descriptor = os.open(self.path / name, os.O_RDWR | os.O_CREAT, FILE_MODE)
            self._files[name] = os.fdopen(descriptor, "r+b")
        try:
            fcntl.flock(self._files[EVENTS], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DirectoryBusyError(f"another process writes to {self.path} now") from None
        progress = self._begun(job)
        for name, file in self._files.items():
            file.truncate(progress.sizes[name] if progress else 0)
            file.seek(0, os.SEEK_END)
        if progress is None:
            progress = new()
            with room(self.path, progress):
                self.keep(progress)
        return progress

    def _begun(self, job: ExportJob) -> Progress | None:
        """Return how far this export is here; None when nothing of any export is here."""
        try:
            content = (self.path / PROGRESS).read_bytes()
        except FileNotFoundError:
            return None
        progress = msgspec.json.decode(content, type=Progress)
        if _asked(progress.job) != _asked(job):
            raise ExportDirectoryError(
                f"{self.path} holds the beginning of an export with other options: repeat those, "
                "or choose another directory"
            )
        for name, size in progress.sizes.items():
            if os.fstat(self._files[name].fileno()).st_size < size:
                raise ExportDirectoryError(
                    f"{self.path / name} is shorter than the {size} bytes that were written: "
                    "delete the directory and start again"
                )
        return progress

    def write(self, name: str, line: bytes) -> None:
        """Append a line to a file."""
        self._files[name].write(line)

    def keep(self, progress: Progress) -> None:
        """Make what was written durable, and say so in the file that a resumed export reads."""
        for name, file in self._files.items():
            file.flush()
            os.fsync(file.fileno())
            progress.sizes[name] = file.tell()
        write_whole(self.path / PROGRESS, msgspec.json.encode(progress))

    def finish(self, manifest: bytes) -> None:
        """Put the manifest there, which makes the export a finished one."""
        write_whole(self.path / MANIFEST, manifest)
        (self.path / PROGRESS).unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            # What is still buffered is not whole: the next attempt cuts it off anyway.
            with suppress(OSError):
                file.close()
        self._files.clear()


@contextmanager
def room(path: Path, progress: Progress) -> Iterator[None]:
    """Turn a full disk into DiskFullError, which says how to go on."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise DiskFullError(
            f"there is no room left at {path} ({error.strerror}): make room and go on; "
            f"{progress.events} events up to position {progress.position} are whole"
        ) from error


def begun_job(path: Path) -> ExportJob | None:
    """Return the export that began here and is not finished.

    Raises ExportDirectoryError for a finished one, and for a directory with something else in it.
    """
    if (path / MANIFEST).exists():
        raise ExportDirectoryError(f"{path} holds a finished export: choose another directory")
    try:
        return msgspec.json.decode((path / PROGRESS).read_bytes(), type=Progress).job
    except FileNotFoundError:
        if any(_is_foreign(found) for found in (path.iterdir() if path.exists() else ())):
            raise ExportDirectoryError(f"{path} is not empty: choose another directory") from None
        return None
    except msgspec.MsgspecError as error:
        raise ExportDirectoryError(
            f"{path / PROGRESS} is damaged: delete the directory and start again"
        ) from error


def _is_foreign(found: Path) -> bool:
    """Tell whether this is more than an export leaves that died before its first line."""
    if found.name == PROGRESS + ".new":
        return False
    return found.name not in FILES or found.stat().st_size > 0


def _asked(job: ExportJob) -> tuple[object, ...]:
    """Return what was asked for; the id and the time differ between two runs of one command."""
    return job.workspace_id, job.filter, job.open_personal, job.generation
