"""A migrated installation on a test server."""

import psycopg

from infra.embedded.postgres import EmbeddedPostgres
from infra.postgres.connections import Role, role_dsn
from infra.postgres.migrate import migrate
from infra.projecting.rebuild import install
from infra.settings import Secret
from projections.registry import PROJECTIONS

TEST_SECRET = "test-0123456789-abcdefghijklmnopqrstuvwxyz"


def migrate_everything(server: EmbeddedPostgres, *, database: str, vault: str) -> None:
    secret = Secret(TEST_SECRET)
    url = server.url(database)
    migrate(database_url=url, vault_url=server.url(vault), secret_key=secret)
    with psycopg.connect(role_dsn(url, Role.MIGRATOR, secret), autocommit=True) as connection:
        for projection in PROJECTIONS.values():
            install(connection, projection)
