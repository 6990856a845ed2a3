"""Bring both databases to the newest shape: roles, databases, numbered SQL, read models."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from infra.postgres.advisory_locks import MIGRATION_LOCK
from infra.postgres.connections import Role, role_dsn, role_password
from infra.postgres.destinations import keep_known_destinations
from infra.settings import Secret, SettingsError

HERE = Path(__file__).parent
LOG_USERS = (Role.MIGRATOR, Role.APP, Role.WORKER, Role.SEALER)
VAULT_USERS = (Role.MIGRATOR, Role.VAULT)


def migrate(*, database_url: str, vault_url: str, secret_key: Secret) -> list[str]:
    """Create what is missing, apply what is new; return the names of the migrations applied.

    The URLs need a user who may create roles and databases, when those do not exist yet. Two
    runs at once wait for each other. Raises SettingsError when a released migration was edited.
    """
    # Roles and databases belong to the whole server, so the turn is taken in a database that is
    # always there; a database's own lock would let two installers make them at once.
    with psycopg.connect(_admin(database_url, "postgres"), autocommit=True) as turn:
        turn.execute("SELECT pg_advisory_lock(%s, 1)", (MIGRATION_LOCK,))
        ensure_roles(database_url, secret_key)
        applied = []
        for url, folder, users in (
            (database_url, "migrations", LOG_USERS),
            (vault_url, "vault_migrations", VAULT_USERS),
        ):
            ensure_database(url, users)
            dsn = role_dsn(url, Role.MIGRATOR, secret_key, name="engine-migrate")
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute("SELECT pg_advisory_lock(%s, 1)", (MIGRATION_LOCK,))
                applied += list(_apply(connection, HERE / folder))
                if url == database_url:
                    keep_known_destinations(connection)
    return applied


def ensure_roles(url: str, secret_key: Secret) -> None:
    """Create the login roles, or set their passwords again; none may bypass row security."""
    with psycopg.connect(_admin(url, "postgres"), autocommit=True) as connection:
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for role in Role:
            verb = "ALTER" if role in known else "CREATE"
            connection.execute(
                sql.SQL(
                    "{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD {}"
                ).format(
                    sql.SQL(verb),
                    sql.Identifier(role),
                    sql.Literal(role_password(secret_key, role)),
                )
            )


def ensure_database(url: str, users: Sequence[Role]) -> None:
    """Create the database of the URL, owned by the migrator, open to `users` alone."""
    name = str(conninfo_to_dict(url)["dbname"])
    with psycopg.connect(_admin(url, "postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        database, owner = sql.Identifier(name), sql.Identifier(Role.MIGRATOR)
        if found.fetchone() is None:
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(owner))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
        connection.execute(
            sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(database)
        )
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                database, sql.SQL(", ").join(sql.Identifier(role) for role in users)
            )
        )


def pending(database_url: str, secret_key: Secret) -> list[str]:
    """Return migrations that the code has and the database has not; for readiness."""
    dsn = role_dsn(database_url, Role.MIGRATOR, secret_key)
    with psycopg.connect(dsn, autocommit=True) as connection:
        done = _applied(connection)
    return [file.name for file in _files(HERE / "migrations") if file.name not in done]


def _apply(connection: Connection[TupleRow], folder: Path) -> Iterator[str]:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, "
        "sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    done = _applied(connection)
    for file in _files(folder):
        script = file.read_text()
        digest = hashlib.sha256(script.encode()).hexdigest()
        if file.name in done:
            _check_unchanged(file.name, was=done[file.name], now=digest)
            continue
        with connection.transaction():
            connection.execute(script.encode())
            connection.execute("INSERT INTO schema_migrations VALUES (%s, %s)", (file.name, digest))
        yield f"{folder.name}/{file.name}"


def _applied(connection: Connection[TupleRow]) -> dict[str, str]:
    return dict(connection.execute("SELECT name, sha256 FROM schema_migrations").fetchall())


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.sql"))


def _check_unchanged(name: str, *, was: str, now: str) -> None:
    if was != now:
        raise SettingsError(
            f"migration {name} was edited after it was applied here; "
            "restore the file and put the change into a new migration"
        )


def _admin(url: str, database: str) -> str:
    return make_conninfo(url, dbname=database, connect_timeout=5)
