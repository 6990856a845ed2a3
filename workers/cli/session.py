"""What the verbs share: adapters, the workspace that is meant, answers for people and programs."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import click
import psycopg

from domain.shared.context import Context
from domain.shared.errors import DomainError
from infra.bootstrap import Adapters
from infra.clock import new_id, now
from infra.eventstore.archive import ArchiveError
from infra.observability.logging import configure_logging
from infra.postgres.connections import Role
from infra.postgres.heartbeats import beating
from infra.postgres.workspaces import known_workspaces
from infra.projecting.checkpoint import AheadOfLogError, VersionMismatchError, position_of
from infra.settings import SettingsError, load_settings
from projections.registry import PROJECTIONS

ACTOR = "cli"
LATE_S = 20.0  # a worker whose heartbeat is older is not running
CATCH_UP_S = 30.0
MAX_POSITION = 2**63 - 1

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
in_workspace = click.option(
    "--workspace",
    envvar="ENGINE_WORKSPACE",
    help="Name or id of the workspace; may be left out while there is only one.",
)


@contextmanager
def session(*, role: Role = Role.WORKER, ask_first: bool = True) -> Iterator[Adapters]:
    """Yield adapters; turn expected errors into one sentence and exit code 1.

    With `ask_first` a database that is away is noticed at once: a pool would try for 20 s.
    """
    try:
        configure_logging(service="engine", level="ERROR")
        adapters = Adapters(load_settings(), role=role, name="engine-cli")
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    try:
        if ask_first:
            adapters.connection(role).close()
        yield adapters
    except (
        DomainError,
        SettingsError,
        VersionMismatchError,
        AheadOfLogError,
        ArchiveError,
    ) as error:
        raise click.ClickException(str(error)) from error
    except psycopg.OperationalError as error:
        raise click.ClickException(
            f"the database does not answer ({str(error).splitlines()[0]}): "
            "start it with `engine up`, make it with `engine db migrate`, or set "
            "ENGINE_DATABASE_URL and ENGINE_SECRET_KEY to those of a running engine"
        ) from error
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction) as error:
        raise click.ClickException(
            "the database has no tables yet: run `engine db migrate`"
        ) from error
    except UnicodeEncodeError as error:
        raise click.ClickException(
            "a value on the command line is not UTF-8 text: type it again in a terminal with a "
            "UTF-8 locale (a template whose file name is not UTF-8 needs --name)"
        ) from error
    finally:
        adapters.close()


def asking(workspace_id: UUID) -> Context:
    """Return the context of a command given here and now."""
    command = new_id()
    verb = click.get_current_context(silent=True)
    return Context(
        workspace_id=workspace_id,
        actor=ACTOR,
        now=now(),
        command_id=command,
        correlation_id=command,
        command=verb.command_path if verb else ACTOR,
    )


def find_workspace(adapters: Adapters, wanted: str | None) -> UUID:
    """Return the workspace's id. Says which there are when it is not clear."""
    known = known_workspaces(adapters.pool)
    matching = [w for w in known if wanted is None or wanted in (str(w.workspace_id), w.name)]
    if len(matching) == 1:
        return matching[0].workspace_id
    names = ", ".join(f"{w.name} ({w.workspace_id})" for w in known)
    what = "no workspace matches" if wanted else "say which workspace with --workspace"
    raise click.ClickException(
        f"{what}: there are {names or 'none; run `engine workspace create`'}"
    )


def answer(value: dict[str, Any], *, as_json: bool, text: str) -> None:
    """Print a result: one JSON object, or a line for a person."""
    click.echo(json.dumps(value, default=str) if as_json else text)


def table(rows: list[dict[str, Any]], *, as_json: bool, empty: str) -> None:
    """Print rows: a JSON array, or aligned columns."""
    if as_json:
        click.echo(json.dumps(rows, default=str))
        return
    if not rows:
        click.echo(empty)
        return
    cells = [[str(value) if value is not None else "-" for value in row.values()] for row in rows]
    header = list(rows[0])
    widths = [max(len(line[at]) for line in [header, *cells]) for at in range(len(header))]
    for line in [header, *cells]:
        click.echo(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


def wait_for(adapters: Adapters, projection: str, position: int) -> None:
    """Wait until a read model has seen a position; says so when its worker does not move."""
    require_worker(adapters, "projector")

    def reached() -> bool:
        with adapters.pool.connection() as connection:
            return position_of(connection, PROJECTIONS[projection]) >= position

    until(reached, within_s=CATCH_UP_S, what=f"{projection} to reach position {position}")


def until(holds: Callable[[], bool], *, within_s: float, what: str) -> None:
    """Wait for something, with a clear sentence when it does not come."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            raise click.ClickException(f"waited {within_s:.0f} s for {what}: see the engine's log")
        time.sleep(0.05)


def require_worker(adapters: Adapters, worker: str) -> None:
    """Say what to start when a worker is needed that has no fresh heartbeat."""
    deadline = time.monotonic() + 5
    while worker not in beating(adapters.pool, within_s=LATE_S):
        if time.monotonic() > deadline:
            raise click.ClickException(
                f"no {worker} is running: start `engine up`, or `engine worker {worker}`"
            )
        time.sleep(0.2)
