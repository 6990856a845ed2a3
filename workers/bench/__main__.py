"""Run the benchmarks: `python -m workers.bench [--only NAME] [--output FILE]`."""

from collections.abc import Callable, Mapping
from pathlib import Path

import click
import msgspec

from infra.garbage import collect_rarely
from infra.observability.logging import configure_logging
from workers.bench import (
    appends,
    disk,
    dispatching,
    growth,
    http_reads,
    jobs,
    lag,
    launching,
    limiter,
    logins,
    rate_exact,
    signing,
    streets,
    verifying,
)
from workers.bench.measure import Measured
from workers.bench.stage import Stage, stage

BENCHMARKS: Mapping[str, Callable[[Stage], Measured]] = {
    "import_contacts": jobs.import_contacts,
    "append_record": appends.append_record,
    "append_record_sealed": appends.append_record_sealed,
    "append_record_sealed_new": appends.append_record_sealed_new,
    "append_decide_16": appends.append_decide_16,
    "append_decide_beside_bulk": appends.append_decide_beside_bulk,
    "reader_missed": appends.reader_missed,
    "bytes_per_event": disk.bytes_per_event,
    "append_growth_10m": growth.append_growth_10m,
    "relay": streets.relay,
    "project_stats": streets.project_stats,
    "project_contacts": streets.project_contacts,
    "rebuild_contacts": streets.rebuild_contacts,
    "swap_ms": streets.swap_ms,
    "lag_p99_ms": lag.lag_p99_ms,
    "log_seal": verifying.log_seal,
    "log_verify": verifying.log_verify,
    "dispatch_end_to_end": dispatching.dispatch_end_to_end,
    "dispatcher_rss_mb": dispatching.dispatcher_rss_mb,
    "audience_rate": dispatching.audience_rate,
    "launch_1m_first_mail_s": launching.launch_1m_first_mail_s,
    "cost_growth_1m": launching.cost_growth_1m,
    "dispatch_dkim_rsa": signing.dispatch_dkim_rsa,
    "dispatch_dkim_ed25519": signing.dispatch_dkim_ed25519,
    "rate_exact_50": rate_exact.rate_exact_50,
    "rate_exact_500": rate_exact.rate_exact_500,
    "rate_exact_2000": rate_exact.rate_exact_2000,
    "http_contact_page": http_reads.http_contact_page,
    "limiter_hot_key": limiter.limiter_hot_key,
    "limiter_5000_keys": limiter.limiter_5000_keys,
    "login_p99_ms": logins.login_p99_ms,
}


LONG = frozenset(
    {"append_growth_10m", "launch_1m_first_mail_s", "cost_growth_1m"}
)  # minutes: only when asked for by name, or with --all


@click.command()
@click.option("--only", type=click.Choice(list(BENCHMARKS)), help="Run one benchmark.")
@click.option("--all", "everything", is_flag=True, help="Run those of several minutes too.")
@click.option(
    "--seconds", default=10.0, show_default=True, help="How long to measure what is under load."
)
@click.option(
    "--output", type=click.Path(path_type=Path), default=Path("bench.json"), show_default=True
)
def main(*, only: str | None, everything: bool, seconds: float, output: Path) -> None:
    """Measure each path beside its bare limit, on services and tables of its own."""
    configure_logging(service="bench", level="ERROR")
    collect_rarely()  # as every worker does
    results = []
    click.echo(f"{'':<26}{'ours':>12}{'limit':>12}{'ratio':>8}  {'wanted':<9} unit")
    for name in [only] if only else BENCHMARKS:
        if name in LONG and not (only or everything):
            click.echo(f"{name:<26}takes minutes: ask for it with --only {name} or --all")
            continue
        with stage(seconds=seconds) as fresh:
            result = BENCHMARKS[name](fresh)
        _show(result)
        results.append(result)
        output.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")


def _show(result: Measured) -> None:
    verdict = "" if result.holds else "  MISSED"
    click.echo(
        f"{result.name:<26}{result.ours:>12,.0f}{result.limit:>12,.0f}{result.ratio:>8.2f}"
        f"  {result.wanted:<9} {result.unit}{verdict}"
    )
    for name, value in result.detail.items():
        click.echo(f"  {name:<36}{value:>14,.1f}")


if __name__ == "__main__":
    main()
