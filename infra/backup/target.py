"""The databases a restore fills: under other names until all is done, so nothing half is served.

While the log's database is not there under its name, no process is ready: `/readyz` and the
workers find no database. The last steps are renames, the log's database last.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from infra.backup.dump import Progress, counted
from infra.backup.errors import BackupError
from infra.backup.manifest import DumpedDatabase
from infra.backup.programs import find_program, run_program
from infra.postgres.connections import Role
from infra.postgres.migrate import ensure_database, ensure_roles
from infra.settings import Settings

SUFFIX = "_restoring"
JOBS = 2
_SESSIONS = """
SELECT DISTINCT coalesce(nullif(application_name, ''), usename, backend_type)
  FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid() ORDER BY 1
"""
_USED = "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace)"


def staging(settings: Settings) -> Settings:
    """Return the settings of the databases that are being filled."""
    return msgspec.structs.replace(
        settings,
        database_url=_renamed(settings.database_url),
        vault_url=_renamed(settings.vault_url),
    )


def require_free(settings: Settings, *, force: bool) -> None:
    """Refuse databases that hold something, unless forced; and those in use in any case.

    A vault without its log is what a restore left that was cut off in its last step.
    """
    for url in (settings.database_url, settings.vault_url):
        with _server(url) as server:
            if users := server.execute(_SESSIONS, (_name(url),)).fetchall():
                names = ", ".join(name for (name,) in users)
                raise BackupError(
                    f"the database {_name(url)} is in use by {names}: stop the engine first"
                )
    if not force and _is_used(settings.database_url):
        raise BackupError(
            f"the database {_name(settings.database_url)} is not empty: with --force it is "
            "replaced, once the backup is restored beside it and checked"
        )


def fill(
    settings: Settings,
    folder: Path,
    dumped: DumpedDatabase,
    url: str,
    users: Sequence[Role],
    progress: Progress,
) -> None:
    """Restore one file into a new database and compare the rows. Raises BackupError."""
    with _server(url) as server:
        _drop(server, _name(url))
        ensure_roles(url, settings.secret_key)
        ensure_database(url, users)
        program = find_program("pg_restore", server=server)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        progress(f"restoring {dumped.file}", done, len(dumped.rows))

    argv: Sequence[str | Path] = [
        program, "--exit-on-error", f"--jobs={JOBS}", str(folder / dumped.file)
    ]  # fmt: skip
    run_program(argv, url, step=step)
    with psycopg.connect(url) as connection:
        connection.execute("SET row_security = off")
        found = counted(connection, dumped.rows)
    for table, rows in dumped.rows.items():
        if found[table] != rows:
            raise BackupError(f"{table} has {found[table]} rows, the manifest says {rows}")


def take_place(settings: Settings) -> None:
    """Let the filled databases take their names: the log's goes first and comes last."""
    filled = staging(settings)
    _drop_at(settings.database_url)
    _drop_at(settings.vault_url)
    _rename(filled.vault_url, settings.vault_url)
    _rename(filled.database_url, settings.database_url)


def _rename(old: str, new: str) -> None:
    statement = sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
        sql.Identifier(_name(old)), sql.Identifier(_name(new))
    )
    with _server(old) as server:
        server.execute(statement)


def _drop_at(url: str) -> None:
    with _server(url) as server:
        _drop(server, _name(url))


def _is_used(url: str) -> bool:
    with _server(url) as server:
        if (
            server.execute("SELECT FROM pg_database WHERE datname = %s", (_name(url),)).fetchone()
            is None
        ):
            return False
    with psycopg.connect(url) as connection:
        row = connection.execute(_USED).fetchone()
    return bool(row and row[0])


def _drop(server: Connection[TupleRow], name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _server(url: str) -> Connection[TupleRow]:
    return psycopg.connect(make_conninfo(url, dbname="postgres"), autocommit=True)


def _name(url: str) -> str:
    return str(conninfo_to_dict(url)["dbname"])


def _renamed(url: str) -> str:
    head, slash, name = url.rpartition("/")
    name, question, options = name.partition("?")
    return f"{head}{slash}{name}{SUFFIX}{question}{options}"
