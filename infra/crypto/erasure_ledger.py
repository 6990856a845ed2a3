"""Who was erased and when, outside both databases: what a restored backup must be told again."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from infra.files.durable import sync_folder
from infra.settings import SettingsError


class Erasure(msgspec.Struct, frozen=True):
    """One person whose key was destroyed: ids and a time, nothing else."""

    workspace_id: UUID
    subject_id: UUID
    erased_at: datetime


class ErasureLedger:
    """A file of one JSON line an erasure, only ever appended to; the same person may come twice."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def append(self, erasure: Erasure) -> None:
        """Write one line and wait until it is on the disk."""
        new = not self._file.exists()
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # A line that a power cut tore is closed; it was never answered, and is passed over.
            end = os.lseek(fd, 0, os.SEEK_END)
            torn = end > 0 and os.pread(fd, 1, end - 1) != b"\n"
            os.write(fd, b"\n" * torn + msgspec.json.encode(erasure) + b"\n")
            os.fsync(fd)
        finally:
            os.close(fd)
        if new:
            sync_folder(self._file.parent)

    def __iter__(self) -> Iterator[Erasure]:
        """Yield every erasure, oldest first. Raises SettingsError for a damaged line."""
        if not self._file.exists():
            return
        decode = msgspec.json.Decoder(Erasure).decode
        for number, line in enumerate(self._file.read_bytes().split(b"\n"), start=1):
            if not line.endswith(b"}"):  # empty, or torn
                continue
            try:
                yield decode(line)
            except msgspec.DecodeError as error:
                raise SettingsError(
                    f"line {number} of {self._file} is damaged ({error}): bring back a copy of "
                    "the file, since an erasure that it lost would be undone by a restore"
                ) from error

    def people(self) -> dict[tuple[UUID, UUID], datetime]:
        """Return (workspace, subject) of everybody erased, with the first time."""
        found: dict[tuple[UUID, UUID], datetime] = {}
        for erasure in self:
            found.setdefault((erasure.workspace_id, erasure.subject_id), erasure.erased_at)
        return found
