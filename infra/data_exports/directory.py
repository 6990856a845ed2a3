"""The growing files of one export of data; a killed one goes on where they are whole."""

import os
import shutil
from pathlib import Path
from typing import BinaryIO

import msgspec

from infra.data_exports.job import DataProgress
from infra.exports.directory import DIRECTORY_MODE, FILE_MODE, PROGRESS
from infra.files.durable import write_whole


class DataDirectory:
    """Readable for its owner alone. Who uses it holds the lock of the export."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: dict[str, BinaryIO] = {}

    def open(self, generation: int) -> DataProgress:
        """Return how far it is, with files cut to where they are whole.

        Begins anew when it is of another generation, or lost what it says that it wrote.
        """
        progress = self._begun()
        if progress is None or progress.generation != generation or not self._is_whole(progress):
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir(mode=DIRECTORY_MODE, parents=True)
            return DataProgress(generation=generation)
        for file in self.path.iterdir():
            if file.name not in {*progress.sizes, PROGRESS}:
                file.unlink()
        for name, size in progress.sizes.items():
            os.truncate(self.path / name, size)
        return progress

    def write(self, name: str, content: bytes) -> None:
        """Append to a file; makes it when it is not there."""
        file = self._files.get(name)
        if file is None:
            descriptor = os.open(
                self.path / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE
            )
            file = self._files[name] = os.fdopen(descriptor, "ab")
        file.write(content)

    def keep(self, progress: DataProgress) -> None:
        """Make what was written durable, and say so."""
        for name, file in self._files.items():
            file.flush()
            os.fsync(file.fileno())
            progress.sizes[name] = os.fstat(file.fileno()).st_size
        write_whole(self.path / PROGRESS, msgspec.json.encode(progress))

    def close(self) -> None:
        """Let go of the files; what was not kept is cut off next time."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _begun(self) -> DataProgress | None:
        try:
            return msgspec.json.decode((self.path / PROGRESS).read_bytes(), type=DataProgress)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def _is_whole(self, progress: DataProgress) -> bool:
        return all(
            (self.path / name).exists() and (self.path / name).stat().st_size >= size
            for name, size in progress.sizes.items()
        )
