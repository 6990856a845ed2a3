"""Archived months in a backup: files beside the dumps, proven by digests in the log's dump."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg

from infra.backup.errors import BackupError
from infra.eventstore.archive import ArchivedRange, archived_ranges, moved_archive
from infra.files.digests import sha256_of
from infra.files.durable import sync_folder
from infra.settings import Settings

FOLDER = "archive"
_KNOWS_ARCHIVES = "SELECT to_regclass('archived_ranges')"


def copy_archive(database_url: str, backup: Path) -> None:
    """Copy the file of every archived month into a backup. Raises BackupError for a bad one.

    After the log was dumped: files are never changed, so what the dump names is still there.
    """
    with psycopg.connect(database_url, autocommit=True) as connection:
        _copy(archived_ranges(connection), backup / FOLDER, lambda archived: archived.file)


def bring_archive_back(settings: Settings, backup: Path) -> None:
    """Put the files of a restored log into ENGINE_ARCHIVE_DIR, and tell the log where they are.

    Raises BackupError when the backup lacks one, or has a damaged one.
    """
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        if connection.execute(_KNOWS_ARCHIVES).fetchone() == (None,):
            return  # of a release without archives, not migrated yet
        ranges = archived_ranges(connection)
        _copy(ranges, settings.archive_dir, lambda archived: backup / FOLDER / archived.file.name)
        moved_archive(connection, settings.archive_dir)


def _copy(
    ranges: list[ArchivedRange], target: Path, source_of: Callable[[ArchivedRange], Path]
) -> None:
    if not ranges:
        return
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for archived in ranges:
        file, wanted = target / archived.file.name, archived.sha256
        if not file.exists():
            _copy_checked(source_of(archived), file, wanted)
        elif sha256_of(file) != wanted:
            raise BackupError(f"{file} is another file: set ENGINE_ARCHIVE_DIR to an empty place")
    sync_folder(target)


def _copy_checked(source: Path, file: Path, wanted: bytes) -> None:
    """Copy a file that shows up under its name once it is whole, and is what was archived."""
    if not source.exists():
        raise BackupError(f"the archived month {source} is missing: put it back first")
    draft = file.with_name(file.name + ".writing")
    shutil.copyfile(source, draft)
    draft.chmod(0o600)
    with draft.open("rb") as copied:
        os.fsync(copied.fileno())
    if sha256_of(draft) != wanted:
        draft.unlink()
        raise BackupError(f"the archived month {source} is damaged: its content is another")
    draft.replace(file)
