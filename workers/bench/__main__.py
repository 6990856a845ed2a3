"""Run the benchmarks: `python -m workers.bench [--only NAME] [--output FILE]`."""

from collections.abc import Callable, Mapping
from pathlib import Path

import click
import msgspec

from infra.garbage import collect_rarely
from infra.observability.logging import configure_logging
from workers.bench import appends, jobs, streets
from workers.bench.measure import Measured
from workers.bench.stage import Stage, stage

BENCHMARKS: Mapping[str, Callable[[Stage], Measured]] = {
    "import_contacts": jobs.import_contacts,
    "append_record": appends.append_record,
    "append_record_sealed": appends.append_record_sealed,
    "append_decide": appends.append_decide,
    "relay": streets.relay,
    "project_stats": streets.project_stats,
    "project_contacts": streets.project_contacts,
    "rebuild_contacts": streets.rebuild_contacts,
    "dispatch_end_to_end": jobs.dispatch_end_to_end,
}


@click.command()
@click.option("--only", type=click.Choice(list(BENCHMARKS)), help="Run one benchmark.")
@click.option(
    "--output", type=click.Path(path_type=Path), default=Path("bench.json"), show_default=True
)
def main(*, only: str | None, output: Path) -> None:
    """Measure each path beside its bare limit, on services and tables of its own."""
    configure_logging(service="bench", level="ERROR")
    collect_rarely()  # as every worker does
    results = []
    click.echo(f"{'':<22}{'ours':>12}{'limit':>12}{'ratio':>8}  unit")
    for name in [only] if only else BENCHMARKS:
        with stage() as fresh:
            result = BENCHMARKS[name](fresh)
        click.echo(
            f"{name:<22}{result.ours:>12,.0f}{result.limit:>12,.0f}{result.ratio:>8.2f}"
            f"  {result.unit}"
        )
        results.append(result)
        output.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")


if __name__ == "__main__":
    main()
