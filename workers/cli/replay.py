"""`engine log replay`: a read model as it was, queried or written to a file."""

from contextlib import closing
from datetime import datetime
from pathlib import Path

import click
import polars as pl

from infra.analysis.analyst_log import AnalystLog
from infra.analysis.as_of import QueryRefusedError, ReadModel, read_model_as_of
from infra.analysis.frame_file import write_frames
from infra.projecting.fold import UnfoldableError
from projections.registry import PROJECTIONS
from workers.cli.log_slice import PositionOrMoment
from workers.cli.output_file import OUTPUT_FILE
from workers.cli.progress import progress_bar
from workers.cli.session import answer, as_json, find_workspace, in_workspace, session, table


@click.command("replay")
@click.option("--as-of", required=True, type=PositionOrMoment(), help="Up to and with this.")
@click.option("--model", required=True, type=click.Choice(list(PROJECTIONS)), help="Read model.")
@click.option("--query", default="", help="A SELECT on its tables. Default: its first table.")
@click.option("--output", type=OUTPUT_FILE, help="A .parquet or .csv file for the rows.")
@click.option("--limit", default=1_000, show_default=True, help="Rows to print at most.")
@in_workspace
@as_json
def replay_command(
    *,
    as_of: int | datetime,
    model: str,
    query: str,
    output: Path | None,
    limit: int,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Build a read model of a workspace as it was at a position or a time, and query it.

    It is folded from the log into tables of its own, which are dropped afterwards. Nothing that
    serves is touched; the query reads, nothing else.
    """
    if output and output.suffix not in {".parquet", ".csv"}:
        raise click.UsageError("--output must end in .parquet or .csv")
    with session() as adapters:
        only = find_workspace(adapters, workspace)
        position = AnalystLog(adapters).position_as_of(as_of)
        try:
            with (
                progress_bar(model, total=position) as seen,
                read_model_as_of(
                    adapters, PROJECTIONS[model], workspace_id=only, position=position, seen=seen
                ) as replayed,
            ):
                if output:
                    rows = write_frames(replayed.query(query), output)
                else:
                    shown = _first(replayed, query, limit=limit)
        except UnfoldableError as error:
            raise click.ClickException(f"{model} cannot be folded at {error}") from error
        except QueryRefusedError as error:
            raise click.ClickException(str(error)) from error
    if output:
        answer(
            {"model": model, "position": position, "rows": rows, "output": str(output)},
            as_json=as_json,
            text=f"{rows:,} rows of {model} at position {position} in {output}",
        )
    else:
        table(shown.to_dicts(), as_json=as_json, empty=f"no rows at position {position}")


def _first(replayed: ReadModel, query: str, *, limit: int) -> pl.DataFrame:
    found = pl.DataFrame()
    with closing(replayed.query(query)) as frames:
        for frame in frames:
            found = pl.concat([found, frame], how="diagonal").head(limit)
            if len(found) == limit:
                break
    return found
