"""An installation with people in it, its backup, and places to restore it to."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from msgspec.structs import replace
from psycopg import sql

from infra.bootstrap import Adapters
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.postgres_cluster import binaries
from infra.postgres.connections import Role
from infra.settings import Settings
from tests.support.http_client import found_house
from tests.support.importing import ContactBook, numbered
from tests.support.working import catch_up, run_imports

PEOPLE = 30


def settled_house(app: Adapters, worker: Adapters, folder: Path) -> ContactBook:
    """A workspace with imported people, and read models that know them."""
    house = found_house(app)
    book = ContactBook(worker, folder, workspace_id=house.workspace_id)
    book.hand_over(numbered(range(PEOPLE)) + b"not an address,Canary,Rejected\n")
    run_imports(worker)
    catch_up(worker)
    return book


@contextmanager
def new_home(settings: Settings, server: EmbeddedPostgres) -> Iterator[Settings]:
    """The same installation (secret, keys) on databases that do not exist yet."""
    names = [f"{part}_{uuid4().hex[:12]}" for part in ("engine", "vault")]
    yield replace(settings, database_url=server.url(names[0]), vault_url=server.url(names[1]))
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        for name in names:
            for each in (name, f"{name}_restoring"):
                admin.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(each))
                )


@contextmanager
def moved_in(home: Settings) -> Iterator[Adapters]:
    adapters = Adapters(home, role=Role.WORKER, name="restored")
    try:
        yield adapters
    finally:
        adapters.close()


def in_plain(dump: Path) -> str:
    """Everything that is in a dump, as text."""
    program = binaries() / "pg_restore"
    return subprocess.run(
        [program, "-f", "-", dump], capture_output=True, text=True, check=True
    ).stdout


def who_is(book: ContactBook, email: str) -> UUID:
    """The id of an imported person."""
    return next(event.contact_id for event in book.imported() if event.email == email)
