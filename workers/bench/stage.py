"""Where benchmarks play: an own PostgreSQL with fsync on, an own NATS, a migrated installation."""

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import msgspec

from domain.shared.context import Context
from infra.bootstrap import Adapters
from infra.embedded.nats import EmbeddedNats
from infra.embedded.postgres import EmbeddedPostgres
from infra.postgres.connections import Role
from infra.postgres.migrate import migrate
from infra.settings import Settings, load_settings
from workers.bench.facts import new_context
from workers.cli.db import install_read_models


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """What a benchmark gets."""

    settings: Settings
    app: Adapters
    worker: Adapters
    superuser_dsn: str
    environment: Mapping[str, str]  # for processes beside this one
    seconds: float  # how long what is measured under load is measured

    def context(self, workspace_id: UUID) -> Context:
        """Return the context of a new command."""
        return new_context(workspace_id)


@contextmanager
def stage(*, seconds: float = 10.0) -> Iterator[Stage]:
    """Start the services, migrate, yield; everything is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="engine-bench-") as name:
        room = Path(name)
        room.chmod(0o755)
        with EmbeddedPostgres(room) as postgres, EmbeddedNats(room) as nats:
            environment = {
                "ENGINE_DATA_DIR": str(room / "engine"),
                "ENGINE_DATABASE_URL": postgres.url("engine"),
                "ENGINE_VAULT_URL": postgres.url("vault"),
                "ENGINE_NATS_URL": nats.url(),
                "ENGINE_SECRET_KEY": secrets.token_urlsafe(48),
                "ENGINE_SMTP_HOST": "127.0.0.1",
                "ENGINE_REQUIRE_VERIFIED_DOMAINS": "never",
                "ENGINE_SMTP_PORT": "1",
                "ENGINE_SMTP_TLS": "off",
            }
            settings = load_settings(environment)
            migrate(
                database_url=settings.database_url,
                vault_url=settings.vault_url,
                secret_key=settings.secret_key,
            )
            install_read_models(settings)
            app = Adapters(settings, role=Role.APP, name="bench-app", pool_size=20)
            worker = Adapters(settings, role=Role.WORKER, name="bench-worker")
            try:
                yield Stage(
                    settings=settings,
                    app=app,
                    worker=worker,
                    superuser_dsn=postgres.dsn("engine"),
                    environment=environment,
                    seconds=seconds,
                )
            finally:
                app.close()
                worker.close()
