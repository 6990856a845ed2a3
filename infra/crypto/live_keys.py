"""The keys of everybody who is not erased, as of the last rotation, outside both databases.

A database restored from a backup whose epoch is destroyed gets its keys from here, and with
them everybody who is still alive, and nobody else. Records have one size and stand in the order
of their ids, so an erased person's is found by bisection and overwritten where it stands.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from struct import Struct
from typing import NamedTuple
from uuid import UUID

from infra.crypto.key_wrap import WRAPPED_BYTES
from infra.files.durable import sync_folder
from infra.settings import SettingsError

_HEAD = Struct(">8sIQQ")  # magic, epoch, workspaces, subjects
_MAGIC = b"EELIVE1\n"
_WORKSPACE = Struct(f">16s{WRAPPED_BYTES}s")
_SUBJECT = Struct(f">16s16s{WRAPPED_BYTES}s")
_BLANK = bytes(WRAPPED_BYTES)


class WorkspaceKey(NamedTuple):
    """A workspace's key, wrapped under the epoch's."""

    workspace_id: UUID
    wrapped: bytes


class SubjectKey(NamedTuple):
    """A person's key, wrapped under the workspace's key of the epoch."""

    workspace_id: UUID
    subject_id: UUID
    wrapped: bytes


class LiveKeys:
    """One file `live-keys-NNNN` in the directory of the vault's keys; the newest one counts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def epoch(self) -> int:
        """The epoch of the newest file; 0 when there is none."""
        return max((int(file.suffix[1:]) for file in self._files()), default=0)

    def replace(
        self, epoch: int, workspaces: Iterable[WorkspaceKey], subjects: Iterable[SubjectKey]
    ) -> int:
        """Write the file of an epoch whole, then remove the older ones; return how many persons.

        Both must come in ascending order of their ids.
        """
        draft = self._folder / "live-keys.new"
        draft.unlink(missing_ok=True)
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(fd, "wb") as out:  # noqa: PTH123 - an open descriptor
            out.write(bytes(_HEAD.size))
            houses = people = 0
            for houses, house in enumerate(workspaces, start=1):  # noqa: B007 - counts
                out.write(_WORKSPACE.pack(house.workspace_id.bytes, house.wrapped))
            for people, key in enumerate(subjects, start=1):  # noqa: B007 - counts
                out.write(_SUBJECT.pack(key.workspace_id.bytes, key.subject_id.bytes, key.wrapped))
            out.seek(0)
            out.write(_HEAD.pack(_MAGIC, epoch, houses, people))
            out.flush()
            os.fsync(out.fileno())
        draft.rename(self._file(epoch))
        for old in self._files():
            if old != self._file(epoch):
                old.unlink(missing_ok=True)
        sync_folder(self._folder)
        return people

    def blank(self, workspace_id: UUID, subject_id: UUID) -> bool:
        """Overwrite one person's key in every file there is; tells whether it was in one."""
        return sum(self._blank(file, workspace_id, subject_id) for file in self._files()) > 0

    def workspaces(self) -> Iterator[WorkspaceKey]:
        """Yield the workspaces' keys of the newest file."""
        with self._file(self.epoch).open("rb") as file:
            houses, _ = _counts(file.fileno(), file.name)
            file.seek(_HEAD.size)
            for _ in range(houses):
                workspace, wrapped = _WORKSPACE.unpack(file.read(_WORKSPACE.size))
                yield WorkspaceKey(UUID(bytes=workspace), wrapped)

    def subjects(self) -> Iterator[SubjectKey]:
        """Yield the persons' keys of the newest file, without those that were blanked."""
        with self._file(self.epoch).open("rb") as file:
            houses, people = _counts(file.fileno(), file.name)
            file.seek(_HEAD.size + houses * _WORKSPACE.size)
            for _ in range(people):
                workspace, subject, wrapped = _SUBJECT.unpack(file.read(_SUBJECT.size))
                if wrapped != _BLANK:
                    yield SubjectKey(UUID(bytes=workspace), UUID(bytes=subject), wrapped)

    def _blank(self, path: Path, workspace_id: UUID, subject_id: UUID) -> bool:
        wanted = workspace_id.bytes + subject_id.bytes
        try:
            fd = os.open(path, os.O_RDWR)
        except FileNotFoundError:  # a rotation has just replaced it, and looks at the fences itself
            return False
        try:
            houses, people = _counts(fd, str(path))
            start = _HEAD.size + houses * _WORKSPACE.size
            low, high = 0, people
            while low < high:
                middle = (low + high) // 2
                if os.pread(fd, len(wanted), start + middle * _SUBJECT.size) < wanted:
                    low = middle + 1
                else:
                    high = middle
            at = start + low * _SUBJECT.size
            if low == people or os.pread(fd, len(wanted), at) != wanted:
                return False
            os.pwrite(fd, _BLANK, at + len(wanted))
            os.fsync(fd)
        finally:
            os.close(fd)
        return True

    def _files(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return [f for f in self._folder.glob("live-keys.*") if f.suffix[1:].isdigit()]

    def _file(self, epoch: int) -> Path:
        return self._folder / f"live-keys.{epoch:04}"


def _counts(fd: int, name: str) -> tuple[int, int]:
    head = os.pread(fd, _HEAD.size, 0)
    size = os.fstat(fd).st_size
    if len(head) == _HEAD.size:
        magic, _, houses, people = _HEAD.unpack(head)
        whole = _HEAD.size + houses * _WORKSPACE.size + people * _SUBJECT.size
        if (magic, size) == (_MAGIC, whole):
            return houses, people
    raise SettingsError(
        f"{name} is damaged: run `engine vault rotate` on the living vault, which writes it anew"
    )
