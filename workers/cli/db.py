"""`engine db`: the shape of the databases."""

import click

from infra.bootstrap import Adapters
from infra.crypto.settle import settle
from infra.postgres.connections import Role
from infra.postgres.migrate import migrate
from infra.projecting.rebuild import Shadow, install, outdated, rebuild
from infra.settings import Settings
from projections.registry import PROJECTIONS
from workers.cli.session import answer, as_json, session


@click.group("db")
def db_group() -> None:
    """Bring the databases to the shape that this release needs."""


@db_group.command("migrate")
@click.option("--rebuild", "now", is_flag=True, help="Rebuild changed read models, and wait.")
@as_json
def migrate_command(*, now: bool, as_json: bool) -> None:
    """Create roles, databases and tables.

    Read models whose version changed are rebuilt by the projector, beside those that serve;
    with --rebuild here and now.

    The URLs in ENGINE_DATABASE_URL and ENGINE_VAULT_URL need a user that may create roles and
    databases. Safe to run at every start.
    """
    with session(ask_first=False) as adapters:  # what it would ask for is made here
        settings = adapters.settings
        applied = migrate(
            database_url=settings.database_url,
            vault_url=settings.vault_url,
            secret_key=settings.secret_key,
        )
        with adapters.vault_connection() as vault:
            settle(vault, adapters.outside_vault)
        made, due = read_models(settings, rebuild_now=now)
    answer(
        {"migrations": applied, "read_models": made, "rebuilds_due": due},
        as_json=as_json,
        text=f"{len(applied)} migrations applied, {len(made)} read models made or rebuilt"
        + f"; the projector will rebuild {', '.join(due)}" * bool(due),
    )


def install_read_models(settings: Settings, *, every: bool = False) -> list[str]:
    """Make the tables of new projections; rebuild those of another version, or `every` one."""
    return read_models(settings, rebuild_now=True, every=every)[0]


def read_models(
    settings: Settings, *, rebuild_now: bool, every: bool = False
) -> tuple[list[str], list[str]]:
    """Return which read models were made or rebuilt, and which are left to the projector."""
    adapters = Adapters(settings, role=Role.WORKER, name="engine-migrate")
    made, due = list[str](), list[str]()
    try:
        with (
            adapters.connection(Role.MIGRATOR, bounded=False) as owner,
            adapters.connection(Role.WORKER, bounded=False) as filler,
        ):
            for name, projection in PROJECTIONS.items():
                if install(owner, projection, of=settings.projector_partitions):
                    made.append(name)
                elif (every or outdated(owner, projection)) and not rebuild_now:
                    due.append(name)
                elif every or outdated(owner, projection):
                    rebuild(Shadow(projection, adapters.mapper, owner=owner, worker=filler))
                    made.append(name)
    finally:
        adapters.close()
    return made, due
