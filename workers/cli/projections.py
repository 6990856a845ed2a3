"""`engine projections`: what operators do with read models."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
import msgspec

from infra.bootstrap import Adapters
from infra.garbage import collect_rarely
from infra.postgres.connections import Role
from infra.projecting.checkpoint import checkpoints
from infra.projecting.fold import UnfoldableError
from infra.projecting.lag import lags
from infra.projecting.rebuild import RebuildRunningError, Shadow, rebuild
from infra.projecting.verify import Verified, verify
from projections.registry import PROJECTIONS
from workers.cli.progress import progress_bar
from workers.cli.session import answer, as_json, session, table

NAMES = click.Choice(list(PROJECTIONS))


@click.group("projections")
def projections_group() -> None:
    """List, rebuild and verify the read models."""


@projections_group.command("list")
@as_json
def list_command(*, as_json: bool) -> None:
    """List every projection with its version, position and tables."""
    with session() as adapters, adapters.pool.connection() as connection:
        rows = checkpoints(connection)
    table(
        [
            {
                "name": row.name,
                "version": row.version,
                "partition": str(row.partition),
                "position": row.position,
                "updated_at": row.updated_at,
                "tables": " ".join(t.name for t in PROJECTIONS[row.name].tables),
            }
            for row in rows
            if row.name in PROJECTIONS
        ],
        as_json=as_json,
        empty="no projection yet: run `engine db migrate`",
    )


@projections_group.command("lag")
@as_json
def lag_command(*, as_json: bool) -> None:
    """Show how far the relay and each projection are behind the log, in events and seconds."""
    with session() as adapters:
        rows = [msgspec.to_builtins(lag) for lag in lags(adapters.pool)]
    table(rows, as_json=as_json, empty="no projection yet: run `engine db migrate`")


@projections_group.command("rebuild")
@click.argument("name", type=NAMES)
@as_json
def rebuild_command(*, name: str, as_json: bool) -> None:
    """Fold the whole log into new tables and swap them in; readers see the old ones until then."""
    with (
        session() as adapters,
        _shadow(adapters, name) as shadow,
        progress_bar(name, total=adapters.reader.horizon()) as seen,
    ):
        done = rebuild(shadow, progress=seen)
    answer(
        {"name": name, "events": done.events, "position": done.position, "swap_ms": done.swap_ms},
        as_json=as_json,
        text=f"{name} rebuilt from {done.events:,} events, swapped in {done.swap_ms:.0f} ms",
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
            yield Shadow(PROJECTIONS[name], adapters.mapper, owner=owner, worker=filler)
    except UnfoldableError as error:
        raise click.ClickException(f"{name} cannot be folded at {error}") from error
    except RebuildRunningError as error:
        raise click.ClickException(str(error)) from error
