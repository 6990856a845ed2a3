"""Where the exporter keeps its files: one zip an export, its directory while it grows."""

import os
import shutil
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from uuid import UUID

from infra.exports.directory import DIRECTORY_MODE, FILE_MODE, FILES, MANIFEST

READ_BYTES = 256 * 1024
PACKED_AT = (1980, 1, 1, 0, 0, 0)  # the first time a zip knows: the same files, the same zip


class ExportPlaces:
    """Files under `<data dir>/exports/<workspace>`, for the owner of the process alone."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def directory(self, workspace_id: UUID, export_id: UUID) -> Path:
        """Return where an export grows; makes the directory around it."""
        home = self._root / str(workspace_id)
        home.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        return home / f"{export_id}.part"

    def file(self, workspace_id: UUID, export_id: UUID) -> Path:
        """Return the place of the finished zip."""
        return self._root / str(workspace_id) / f"{export_id}.zip"

    def pack(
        self, workspace_id: UUID, export_id: UUID, names: Sequence[str] = (*FILES, MANIFEST)
    ) -> int:
        """Make the zip of a finished directory, whole or not at all; return its bytes."""
        source = self.directory(workspace_id, export_id)
        target = self.file(workspace_id, export_id)
        new = target.with_suffix(".new")
        descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        with os.fdopen(descriptor, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
                for name in names:
                    entry = zipfile.ZipInfo(f"{export_id}/{name}", PACKED_AT)
                    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, FILE_MODE << 16
                    with (
                        (source / name).open("rb") as content,
                        packed.open(entry, "w", force_zip64=True) as written,
                    ):
                        shutil.copyfileobj(content, written, READ_BYTES)
            file.flush()
            os.fsync(file.fileno())
        new.replace(target)
        return target.stat().st_size

    def open(self, workspace_id: UUID, export_id: UUID) -> "OpenExport":
        """Open the finished zip. Raises FileNotFoundError."""
        return OpenExport(self.file(workspace_id, export_id))

    def wipe(self, workspace_id: UUID, export_id: UUID) -> None:
        """Remove every file of an export; does nothing when there is none."""
        shutil.rmtree(self.directory(workspace_id, export_id), ignore_errors=True)
        self.file(workspace_id, export_id).unlink(missing_ok=True)
        self.file(workspace_id, export_id).with_suffix(".new").unlink(missing_ok=True)

    def wipe_directory(self, workspace_id: UUID, export_id: UUID) -> None:
        """Remove the directory alone."""
        shutil.rmtree(self.directory(workspace_id, export_id), ignore_errors=True)

    def sweep(self, keep: Callable[[], Collection[tuple[UUID, UUID]]]) -> list[Path]:
        """Remove the files of all exports but those; return what was removed.

        `keep` is asked after the files were listed: an export that begins now is not among them.
        """
        found = list(self._root.glob("*/*"))
        kept = {(str(workspace), str(name)) for workspace, name in keep()} if found else set()
        gone = [
            path for path in found if (path.parent.name, path.name.partition(".")[0]) not in kept
        ]
        for path in gone:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        return gone


class OpenExport:
    """A finished zip that is open: deleting it now does not cut a download short."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.size_bytes = os.fstat(self._file.fileno()).st_size

    def pieces(self) -> Iterator[bytes]:
        """Yield it, a piece in memory at a time; closes it at the end."""
        with self._file:
            while piece := self._file.read(READ_BYTES):
                yield piece

    def close(self) -> None:
        """Give it up unread."""
        self._file.close()
