"""Migrations: applied once, never edited; one role owns all; read models follow the code."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread
from types import MappingProxyType
from uuid import uuid4

import psycopg
import pytest

from infra.bootstrap import Adapters
from infra.embedded.postgres import EmbeddedPostgres
from infra.postgres import migrate as module
from infra.postgres.connections import Role, role_dsn
from infra.postgres.migrate import migrate, pending
from infra.projecting.rebuild import outdated
from infra.settings import Settings, SettingsError
from projections.campaign_stats import CampaignStats
from projections.projection import Projection, Table
from projections.registry import PROJECTIONS
from tests.support.asking import asking
from tests.support.builders import email_sent, fact
from tests.support.touchy_projection import checkpoint, live, verified
from tests.support.working import catch_up
from workers.cli import db
from workers.projector import LiveProjection

pytestmark = pytest.mark.integration


def run(settings: Settings) -> list[str]:
    return migrate(
        database_url=settings.database_url,
        vault_url=settings.vault_url,
        secret_key=settings.secret_key,
    )


@pytest.fixture
def edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release of its own: a copy of the migrations that a test may change."""
    for folder in ("migrations", "vault_migrations"):
        shutil.copytree(module.HERE / folder, tmp_path / folder)
    monkeypatch.setattr(module, "HERE", tmp_path)
    return tmp_path


def test_a_second_run_applies_nothing(settings: Settings) -> None:
    assert run(settings) == []
    assert pending(settings.database_url, settings.secret_key) == []


def test_an_edited_migration_is_refused_and_nothing_after_it_is_applied(
    settings: Settings, edited: Path
) -> None:
    file = edited / "migrations" / "0002_pre_followers.sql"
    file.write_text(file.read_text() + "\n-- a word more\n")
    (edited / "migrations" / "9000_pre_more.sql").write_text("CREATE TABLE more (n int)")
    with pytest.raises(SettingsError, match=r"0002_pre_followers\.sql was edited .* new migration"):
        run(settings)
    assert pending(settings.database_url, settings.secret_key) == ["9000_pre_more.sql"]


@pytest.mark.parametrize("folder", ["migrations", "vault_migrations"])
def test_a_new_migration_is_applied_once_whole_or_not_at_all(
    settings: Settings, edited: Path, folder: str
) -> None:
    file = edited / folder / "9000_pre_more.sql"
    file.write_text("CREATE TABLE more (n int); SELECT 1/0")
    with pytest.raises(psycopg.errors.DivisionByZero):
        run(settings)
    file.write_text("CREATE TABLE more (n int)")  # would fail if half of it were there
    assert run(settings) == [f"{folder}/9000_pre_more.sql"]
    assert run(settings) == []


OWNED = """
SELECT c.relname, c.relowner::regrole::text FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
UNION ALL
SELECT p.proname, p.proowner::regrole::text FROM pg_proc p
  JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
UNION ALL
SELECT datname, datdba::regrole::text FROM pg_database WHERE datname = current_database()
"""


def test_the_migrator_alone_owns(settings: Settings) -> None:
    for url, least in ((settings.database_url, 60), (settings.vault_url, 4)):
        with psycopg.connect(url) as admin:
            owners = dict(admin.execute(OWNED).fetchall())
            shared = admin.execute(
                "SELECT count(*) FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid"
                " WHERE d.deptype = 'o' AND r.rolname IN ('engine_app', 'engine_worker',"
                " 'engine_vault')"
            ).fetchone()
        assert len(owners) >= least
        assert set(owners.values()) == {"engine_migrator"}
        assert shared == (0,), "they own nothing anywhere on the server"


@pytest.fixture
def nowhere(postgres: EmbeddedPostgres, settings: Settings) -> Iterator[tuple[str, str]]:
    """URLs of two databases that do not exist yet."""
    del settings  # its role passwords are those of the template
    names = [f"{kind}_{uuid4().hex[:12]}" for kind in ("engine", "vault")]
    yield postgres.url(names[0]), postgres.url(names[1])
    with psycopg.connect(postgres.dsn(), autocommit=True) as admin:
        for name in names:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def test_two_installers_at_once_wait_for_each_other(
    settings: Settings, nowhere: tuple[str, str]
) -> None:
    """As when two containers of a new release start together on an empty server."""
    url, vault = nowhere
    together, applied, failed = Barrier(3), list[str](), list[BaseException]()

    def install() -> None:
        together.wait(10)
        try:
            applied.extend(
                migrate(database_url=url, vault_url=vault, secret_key=settings.secret_key)
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            failed.append(error)

    threads = [Thread(target=install) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(applied) == len(set(applied)) >= 5, "each migration was applied once"


def test_nobody_but_the_migrator_may_make_anything_or_enter_what_is_not_theirs(
    settings: Settings, nowhere: tuple[str, str]
) -> None:
    url, vault = nowhere
    key = settings.secret_key
    assert migrate(database_url=url, vault_url=vault, secret_key=key) != []
    homes = {Role.APP: (url, vault), Role.WORKER: (url, vault), Role.VAULT: (vault, url)}
    for role, (home, foreign) in homes.items():
        with psycopg.connect(role_dsn(home, role, key), autocommit=True) as connection:
            for statement in (
                "CREATE TABLE mine (n int)",
                "CREATE SCHEMA mine",
                "CREATE TEMPORARY TABLE mine (n int)",
                "SET ROLE engine_migrator",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement.encode())
        with pytest.raises(psycopg.OperationalError, match="CONNECT privilege"):
            psycopg.connect(role_dsn(foreign, role, key))


class WithMore(CampaignStats):
    """The next version: one column more."""

    version = CampaignStats.version + 1
    tables = (
        Table(
            name="campaign_stats",
            columns=(*CampaignStats.tables[0].columns, "seen integer NOT NULL DEFAULT 1"),
            key=CampaignStats.tables[0].key,
        ),
        CampaignStats.tables[1],
    )


class Brand:
    """A projection that the database has never had."""

    name = "brand"
    version = 1
    contexts = frozenset({"tenancy"})
    opens = False
    tables = (Table(name="brand", columns=("n integer",), key=()),)

    def apply(self, events: object, cursor: object) -> None:
        """Write nothing."""


def released(monkeypatch: pytest.MonkeyPatch, *projections: Projection) -> None:
    """Let the code have these projections, instead of those of the same name."""
    newest = dict(PROJECTIONS) | {projection.name: projection for projection in projections}
    monkeypatch.setattr(db, "PROJECTIONS", MappingProxyType(newest))


def test_a_new_version_is_reported_and_rebuilt_a_new_projection_made(
    settings: Settings, app: Adapters, worker: Adapters, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, campaign = uuid4(), uuid4()
    app.log.record([fact(email_sent(campaign, uuid4())) for _ in range(3)], asking(workspace))
    catch_up(worker)
    assert db.install_read_models(settings) == [], "all is as the code has it"
    version, position = checkpoint(worker, "campaign_stats")

    newer = WithMore()
    with worker.connection(Role.MIGRATOR) as owner:
        assert outdated(owner, newer)
        assert not outdated(owner, CampaignStats())
        assert not outdated(owner, Brand()), "what was never there is not old"
    assert not LiveProjection(newer, worker.mapper, worker).owned(), "nobody feeds it meanwhile"

    released(monkeypatch, newer, Brand())
    assert db.install_read_models(settings) == ["campaign_stats", "brand"]
    assert checkpoint(worker, "campaign_stats") == (version + 1, position)
    with worker.pool.connection() as connection:
        rows = connection.execute("SELECT campaign_id, sent, seen FROM campaign_stats").fetchall()
    assert rows == [(campaign, 3, 1)]
    assert verified(worker, newer).ok
    assert db.install_read_models(settings) == []
    app.log.record([fact(email_sent(campaign, uuid4()))], asking(workspace))
    with live(worker, newer) as following:
        following.read_log()
    with worker.pool.connection() as connection:
        assert connection.execute("SELECT sent FROM campaign_stats").fetchall() == [(4,)]
