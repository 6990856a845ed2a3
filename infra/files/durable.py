"""Files that are there whole or not at all, also after a power cut."""

import os
from pathlib import Path


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only we may read, and wait until it is on the disk."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(fd, "wb") as out:  # noqa: PTH123 - an open descriptor
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a directory are on the disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that only we may read, and that is there whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    write_private(new, content)
    new.replace(path)
