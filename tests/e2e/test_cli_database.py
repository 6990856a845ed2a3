"""What the command line says of a database that is away, empty, new, or tampered with."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from infra.bootstrap import Adapters
from infra.embedded.postgres import EmbeddedPostgres
from infra.settings import Settings
from tests.support.cli import Engine, environment
from tests.support.http_client import found_house
from tests.support.importing import ContactBook, numbered
from tests.support.working import catch_up, run_imports

pytestmark = pytest.mark.e2e


@pytest.fixture
def engine(settings: Settings) -> Engine:
    return Engine(environment(settings))


@pytest.fixture
def no_database_yet(settings: Settings, postgres: EmbeddedPostgres) -> Iterator[Engine]:
    """An installation on a server where its databases are still to be made."""
    names = [f"{part}_{uuid4().hex[:12]}" for part in ("engine", "vault")]
    urls = dict(
        zip(("ENGINE_DATABASE_URL", "ENGINE_VAULT_URL"), map(postgres.url, names), strict=True)
    )
    yield Engine(environment(settings, **urls))
    with psycopg.connect(postgres.dsn(), autocommit=True) as admin:
        for name in names:
            admin.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def test_a_database_that_is_away_is_one_sentence(settings: Settings) -> None:
    away = "postgresql://127.0.0.1:1/engine"
    engine = Engine(
        environment(settings, ENGINE_DATABASE_URL=away, ENGINE_VAULT_URL=away + "_vault")
    )
    runs = [("workspace", "list"), ("log", "verify-order"), ("db", "migrate")]
    for sentence in engine.all_refused(runs):
        assert sentence.startswith("the database does not answer (")
        assert "refused" in sentence
        assert "start it with `engine up`" in sentence


def test_databases_are_made_once_and_a_second_migration_changes_nothing(
    no_database_yet: Engine,
) -> None:
    engine = no_database_yet
    assert "does not exist" in engine.refused("workspace", "list")
    made = engine.json("db", "migrate")
    assert "migrations/0001_pre_log.sql" in made["migrations"]
    assert "contact_list" in made["read_models"]
    assert engine.json("db", "migrate") == {"migrations": [], "read_models": [], "rebuilds_due": []}
    assert engine.json("workspace", "list") == []


def test_a_database_without_tables_says_what_to_run(
    no_database_yet: Engine, postgres: EmbeddedPostgres
) -> None:
    name = no_database_yet.env["ENGINE_DATABASE_URL"].rpartition("/")[2]
    with psycopg.connect(postgres.dsn(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    verbs = [("workspace", "list"), ("projections", "lag"), ("log", "tail")]
    for sentence in no_database_yet.all_refused(verbs):
        assert sentence == "the database has no tables yet: run `engine db migrate`"


def test_a_key_that_is_missing_weak_or_of_another_installation_is_named(
    settings: Settings,
) -> None:
    def with_key(key: str) -> Engine:
        return Engine(environment(settings, ENGINE_SECRET_KEY=key))

    for verb in (("workspace", "list"), ("worker", "importer")):
        assert "set ENGINE_SECRET_KEY" in with_key("").refused(*verb)
    assert "ENGINE_SECRET_KEY is too weak" in with_key("short").refused("workspace", "list")
    sentence = with_key("another-0123456789-abcdefghijklmnopqrst").refused("workspace", "list")
    assert "ENGINE_SECRET_KEY" in sentence


def test_a_worker_that_is_missing_is_named_before_anything_is_done(
    engine: Engine, app: Adapters, worker: Adapters, tmp_path: Path
) -> None:
    found_house(app)
    catch_up(worker)
    before = worker.reader.horizon()
    people = tmp_path / "people.csv"
    people.write_bytes(numbered(range(3)))
    found = ("--sender-address", "a@b.example", "--postal-address", "1 Main Street")
    runs = [("contacts", "import", str(people)), ("workspace", "create", "Acme", *found)]
    no_importer, no_projector = engine.all_refused(runs)
    assert "no importer is running: start `engine up`" in no_importer
    assert "no projector is running: start `engine up`" in no_projector
    assert worker.reader.horizon() == before


def tamper(postgres: EmbeddedPostgres, settings: Settings, *statements: sql.SQL) -> None:
    """Change the log as only a superuser can who has switched its triggers off."""
    database = settings.database_url.rpartition("/")[2]
    with psycopg.connect(postgres.dsn(database), autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        for statement in statements:
            assert admin.execute(statement).rowcount != 0


DELETE_ONE = sql.SQL(
    "DELETE FROM events WHERE position ="
    " (SELECT min(position) FROM events WHERE tag = 'contacts.import_requested.v1')"
)
DUPLICATE_VERSION = (
    sql.SQL("DROP INDEX events_decisions_identity"),
    sql.SQL(
        "INSERT INTO events SELECT nextval('log_position'), kind, workspace_id, stream_id,"
        " version, command_id, recorded_at, tag, data FROM events"
        " WHERE tag = 'contacts.import_completed.v1'"
    ),
)
TWICE_A_POSITION = sql.SQL(
    "UPDATE events SET position = (SELECT min(position) FROM events) WHERE position ="
    " (SELECT max(position) FROM events WHERE tag = 'contacts.contact_imported.v1')"
)
FAULTS: dict[str, tuple[tuple[sql.SQL, ...], set[str]]] = {
    "an event is gone": (
        (DELETE_ONE,),
        {"a stream's versions are not 1..n", "a commit does not match its events"},
    ),
    "a version is there twice": (
        DUPLICATE_VERSION,
        {"a stream's versions are not 1..n", "a commit does not match its events"},
    ),
    "a position is there twice": (
        (TWICE_A_POSITION,),
        {"a position is used twice", "a commit does not match its events"},
    ),
}


@pytest.fixture
def a_log(app: Adapters, worker: Adapters, tmp_path: Path) -> UUID:
    house = found_house(app)
    ContactBook(worker, tmp_path, workspace_id=house.workspace_id).hand_over(numbered(range(5)))
    run_imports(worker)
    return house.workspace_id


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.usefixtures("a_log")
def test_a_fault_planted_in_the_log_is_found_and_named(
    engine: Engine, settings: Settings, postgres: EmbeddedPostgres, fault: str
) -> None:
    found = engine.json("log", "verify-order")
    assert (found["ok"], found["events"], found["commits"], found["faults"]) == (True, 9, 5, [])
    statements, named = FAULTS[fault]
    tamper(postgres, settings, *statements)
    answer = engine.ask("log", "verify-order", "--json")
    assert (answer.code, answer.json["ok"], answer.err) == (1, False, "")
    assert {sentence.rpartition(" (")[0] for sentence in answer.json["faults"]} == named
