"""Real services for the tests: one Postgres and one NATS a run, two databases a test."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import structlog
from hypothesis import settings as hypothesis_settings
from psycopg import sql

from infra.bootstrap import Adapters
from infra.embedded.nats import EmbeddedNats
from infra.embedded.postgres import EmbeddedPostgres
from infra.postgres.connections import Role
from infra.settings import Settings, load_settings
from tests.support.installation import TEST_SECRET, migrate_everything

hypothesis_settings.register_profile("dev", max_examples=50, deadline=None)
hypothesis_settings.register_profile(
    "ci", max_examples=300, deadline=None, derandomize=True, print_blob=True
)
hypothesis_settings.register_profile("nightly", max_examples=5_000, deadline=None)
hypothesis_settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
)


@pytest.fixture(autouse=True)
def quiet_log() -> None:
    """Keep the product's log lines out of the tests' output, whatever a test before configured."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


@pytest.fixture(scope="session")
def services_dir() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="engine-tests-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(services_dir: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(services_dir, fsync=False) as server:
        migrate_everything(server, database="engine_template", vault="vault_template")
        yield server


@pytest.fixture(scope="session")
def nats_server(services_dir: Path) -> Iterator[EmbeddedNats]:
    with EmbeddedNats(services_dir) as server:
        yield server


@pytest.fixture
def settings(postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a fresh installation: databases cloned from the migrated template."""
    name = uuid4().hex[:12]
    databases = {"engine_template": f"engine_{name}", "vault_template": f"vault_{name}"}
    with psycopg.connect(postgres.dsn(), autocommit=True) as admin:
        for template, database in databases.items():
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY file_copy").format(
                    sql.Identifier(database),
                    sql.Identifier(template),
                    sql.Identifier(Role.MIGRATOR),
                )
            )
            for role in Role:
                admin.execute(
                    sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                        sql.Identifier(database), sql.Identifier(role)
                    )
                )
    yield load_settings(
        {
            "ENGINE_DATA_DIR": str(tmp_path / "engine"),
            "ENGINE_DATABASE_URL": postgres.url(f"engine_{name}"),
            "ENGINE_VAULT_URL": postgres.url(f"vault_{name}"),
            "ENGINE_NATS_URL": "nats://127.0.0.1:1",
            "ENGINE_SECRET_KEY": TEST_SECRET,
            "ENGINE_SMTP_HOST": "127.0.0.1",
            "ENGINE_SMTP_PORT": "1",
            "ENGINE_SMTP_TLS": "off",
            "ENGINE_REQUIRE_VERIFIED_DOMAINS": "never",
            "ENGINE_PUBLIC_URL": "http://127.0.0.1:1",
            "ENGINE_HTTP_HOSTS": "testserver.local",
        }
    )
    with psycopg.connect(postgres.dsn(), autocommit=True) as admin:
        for database in databases.values():
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))


@pytest.fixture
def app(settings: Settings) -> Iterator[Adapters]:
    """Adapters in the role of the HTTP process."""
    adapters = Adapters(settings, role=Role.APP, name="test-app")
    yield adapters
    adapters.close()


@pytest.fixture
def worker(settings: Settings) -> Iterator[Adapters]:
    """Adapters in the role of the workers."""
    adapters = Adapters(settings, role=Role.WORKER, name="test-worker")
    yield adapters
    adapters.close()
