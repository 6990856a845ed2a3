"""`engine projections`: what operators do with read models, and with what could not be applied."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
import msgspec

from infra.bootstrap import Adapters
from infra.garbage import collect_rarely
from infra.postgres.connections import Role
from infra.projecting.beside import noted_rebuild, rebuilding
from infra.projecting.checkpoint import checkpoints
from infra.projecting.fold import UnfoldableError
from infra.projecting.lag import lags
from infra.projecting.rebuild import RebuildRunningError, Shadow, rebuild
from infra.projecting.repartition import PartitionsApartError, repartition
from infra.projecting.second import SecondLostError
from infra.projecting.verify import Verified, verify
from projections.registry import PROJECTIONS
from workers.cli.parked import parked_command, retry_command, skip_command
from workers.cli.progress import progress_bar
from workers.cli.session import answer, as_json, session, table

NAMES = click.Choice(list(PROJECTIONS))


@click.group("projections")
def projections_group() -> None:
    """List, rebuild and verify the read models; deal with what could not be applied."""


projections_group.add_command(parked_command)
projections_group.add_command(retry_command)
projections_group.add_command(skip_command)


@projections_group.command("list")
@as_json
def list_command(*, as_json: bool) -> None:
    """List every projection: what serves, and what is being built beside it."""
    with session() as adapters, adapters.pool.connection() as connection:
        serving, beside = checkpoints(connection), rebuilding(connection)
    rows = [
        {
            "name": row.name,
            "version": row.version,
            "partition": str(row.partition),
            "position": row.position,
            "state": "serves",
            "updated_at": row.updated_at,
            "tables": " ".join(t.name for t in PROJECTIONS[row.name].tables),
        }
        for row in serving
        if row.name in PROJECTIONS
    ]
    rows += [
        {
            "name": row.name,
            "version": row.version,
            "partition": "-",
            "position": row.position,
            "state": f"failed: {row.failure}" if row.failure else f"rebuilds to {row.upto}",
            "updated_at": row.updated_at,
            "tables": "",
        }
        for row in beside
    ]
    table(
        sorted(rows, key=lambda row: (str(row["name"]), str(row["version"]))),
        as_json=as_json,
        empty="no projection yet: run `engine db migrate`",
    )


@projections_group.command("lag")
@as_json
def lag_command(*, as_json: bool) -> None:
    """Show how far relay, projections and policies are behind the log, in events and seconds."""
    with session() as adapters:
        rows = [msgspec.to_builtins(lag) for lag in lags(adapters.pool)]
    table(rows, as_json=as_json, empty="no projection yet: run `engine db migrate`")


@projections_group.command("rebuild")
@click.argument("name", type=NAMES)
@as_json
def rebuild_command(*, name: str, as_json: bool) -> None:
    """Fold the whole log into new tables and swap them in; readers see the old ones until then."""
    with session() as adapters, _shadow(adapters, name) as shadow:
        horizon = adapters.reader.horizon()
        with (
            progress_bar(name, total=horizon) as seen,
            noted_rebuild(adapters.pool, PROJECTIONS[name], upto=horizon, seen=seen) as progress,
        ):
            done = rebuild(shadow, progress=progress)
    answer(
        {"name": name, "events": done.events, "position": done.position, "swap_ms": done.swap_ms},
        as_json=as_json,
        text=f"{name} rebuilt from {done.events:,} events, swapped in {done.swap_ms:.0f} ms",
    )


@projections_group.command("repartition")
@click.argument("name", type=NAMES)
@click.argument("partitions", type=click.IntRange(1, 64))
@as_json
def repartition_command(*, name: str, partitions: int, as_json: bool) -> None:
    """Divide the workspaces of a read model by PARTITIONS; its workers share them at once."""
    with (
        session() as adapters,
        adapters.connection(Role.WORKER, bounded=False) as worker,
    ):
        try:
            position = repartition(worker, PROJECTIONS[name], adapters.mapper, of=partitions)
        except PartitionsApartError as error:
            raise click.ClickException(str(error)) from error
    answer(
        {"name": name, "partitions": partitions, "position": position},
        as_json=as_json,
        text=f"{name} has {partitions} partitions from position {position:,}",
    )


@projections_group.command("verify")
@click.argument("names", type=NAMES, nargs=-1)
@as_json
def verify_command(*, names: tuple[str, ...], as_json: bool) -> None:
    """Fold the log again and compare row by row; exit code 1 when anything differs or is parked."""
    results = {}
    with session() as adapters:
        for name in names or tuple(PROJECTIONS):
            results[name] = verified(adapters, name)
    table(
        [
            {
                "name": name,
                "ok": found.ok,
                "rows": found.rows,
                "differences": found.differences,
                "parked": found.parked,
                "skipped": found.skipped,
                "position": found.position,
                "samples": "; ".join(found.samples),
            }
            for name, found in results.items()
        ],
        as_json=as_json,
        empty="nothing to verify",
    )
    if not all(found.ok for found in results.values()):
        raise SystemExit(1)


def verified(adapters: Adapters, name: str) -> Verified:
    """Verify one projection, with a progress bar on a terminal."""
    with (
        _shadow(adapters, name) as shadow,
        adapters.connection(Role.WORKER, bounded=False) as live,
        progress_bar(name, total=adapters.reader.horizon()) as seen,
    ):
        return verify(shadow, live, progress=seen)


@contextmanager
def _shadow(adapters: Adapters, name: str) -> Iterator[Shadow]:
    collect_rarely()
    try:
        with (
            adapters.connection(Role.MIGRATOR, bounded=False) as owner,
            adapters.connection(Role.WORKER, bounded=False) as filler,
        ):
            yield Shadow(
                PROJECTIONS[name],
                adapters.mapper,
                owner=owner,
                worker=filler,
                settings=adapters.settings,
            )
    except UnfoldableError as error:
        raise click.ClickException(
            f"{name} cannot be folded at {error}: mend the code, or leave the event out with "
            f"`engine projections skip {name} --position {error.row.position} --reason TEXT`"
        ) from error
    except RebuildRunningError as error:
        raise click.ClickException(str(error)) from error
    except SecondLostError as error:
        raise click.ClickException(
            f"{error}: the serving tables are as they were; do it again, or with "
            "ENGINE_REBUILD_PROCESSES=1"
        ) from error
