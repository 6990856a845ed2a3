"""Back up the log, then the vault: each one snapshot, the whole under its name only when whole.

Nothing that says something of a person in clear is in it, else an erasure would not reach old
backups: read models are rebuilt by the restore, uploaded files and rejected rows stay out.
"""

import shutil
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from infra.backup.archived import copy_archive
from infra.backup.errors import BackupError
from infra.backup.manifest import DumpedDatabase, Manifest, write_manifest
from infra.backup.programs import find_program, run_program
from infra.clock import now
from infra.crypto.vault import OutsideVault
from infra.files.digests import sha256_of
from infra.files.durable import sync_folder
from infra.settings import Settings
from projections.registry import PROJECTIONS

IN_CLEAR = ("import_parts", "import_rejections", "dead_letters")
"""Working tables with personal data in clear; the log has what matters of them, sealed."""
SHADOWS = "*__v*"  # schemas of running rebuilds
_TABLES = """
SELECT c.relname FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1
"""
Progress = Callable[[str, int, int], None]
"""(what is done, how far, of how many)"""


def back_up(
    settings: Settings,
    outside: OutsideVault,
    folder: Path,
    *,
    progress: Progress = lambda _what, _done, _total: None,
) -> Manifest:
    """Write a backup into `folder`, which must not exist yet.

    The URLs need a user whom row-level security does not bind (a superuser). On any error nothing
    is left under that name. Raises BackupError.
    """
    if folder.exists():
        raise BackupError(f"{folder} exists: a backup needs a directory of its own")
    draft = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(mode=0o700, parents=True)
        manifest = _dump_both(settings, outside, draft, progress)
        write_manifest(draft, manifest, settings.secret_key)
        sync_folder(draft)
        draft.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise BackupError(
            f"{folder} cannot be written: {error.strerror}; backups made before are untouched"
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def left_out() -> set[str]:
    """Return the tables whose rows are in no backup."""
    return {table.name for p in PROJECTIONS.values() for table in p.tables} | set(IN_CLEAR)


def _dump_both(
    settings: Settings, outside: OutsideVault, draft: Path, progress: Progress
) -> Manifest:
    # The log first: whoever is in it has a key in the vault's later snapshot, or was erased.
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        postgres = connection.info.server_version
        log = _Dump(connection, settings.database_url, draft / "log.dump", progress).run(left_out())
        head = log.one("SELECT coalesce(max(position), 0) FROM events")
        events = log.one("SELECT count(*) FROM events")
        log.close()
    copy_archive(settings.database_url, draft)
    with psycopg.connect(settings.vault_url, autocommit=True) as connection:
        vault = _Dump(connection, settings.vault_url, draft / "vault.dump", progress).run(())
        epoch = vault.one("SELECT coalesce(max(epoch), 0) FROM epochs")
        vault.close()
    return Manifest(
        engine=version("email-engine"),
        postgres=postgres,
        made_at=now(),
        horizon=head,
        events=events,
        epoch=epoch,
        erasures=len(outside.ledger.people()),
        log=log.dumped,
        vault=vault.dumped,
    )


class _Dump:
    """One database in one snapshot, which stays open until `close`."""

    dumped: DumpedDatabase

    def __init__(
        self, connection: Connection[TupleRow], url: str, file: Path, progress: Progress
    ) -> None:
        self._connection = connection
        self._url = url
        self._file = file
        self._progress = progress

    def run(self, without: Iterable[str]) -> "_Dump":
        connection = self._connection
        program = find_program("pg_dump", server=connection)
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SET LOCAL row_security = off")  # fails rather than leaves rows out
        snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        tables = [name for (name,) in connection.execute(_TABLES).fetchall()]
        done = 0

        def step() -> None:
            nonlocal done
            done += 1
            self._progress(f"dumping {self._file.stem}", done, len(tables))

        leave = [f"--exclude-table-data=public.{name}" for name in sorted(without)]
        argv: list[str | Path] = [program]
        argv += ["--format=custom", f"--snapshot={snapshot[0]}", f"--file={self._file}"]
        argv += [f"--exclude-schema={SHADOWS}", *leave]
        run_program(argv, self._url, step=step)
        self._file.chmod(0o600)
        self.dumped = DumpedDatabase(
            file=self._file.name,
            size_bytes=self._file.stat().st_size,
            sha256=sha256_of(self._file).hex(),
            migrations=self._migrations(),
            rows=counted(connection, (name for name in tables if name not in set(without))),
        )
        return self

    def one(self, query: str) -> int:
        row = self._connection.execute(query.encode()).fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        self._connection.execute("COMMIT")

    def _migrations(self) -> list[str]:
        rows = self._connection.execute("SELECT name FROM schema_migrations ORDER BY 1").fetchall()
        return [name for (name,) in rows]


def counted(connection: Connection[TupleRow], tables: Iterable[str]) -> dict[str, int]:
    """Return how many rows each table has."""
    found = {}
    for name in tables:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", name))
        row = connection.execute(query).fetchone()
        found[name] = int(row[0]) if row else 0
    return found
