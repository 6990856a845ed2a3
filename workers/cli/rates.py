"""`engine rates`: how many messages a second may be sent, and for what."""

from uuid import UUID

import click

from commands.delivery.bound_in_flight import BoundInFlight, bound_in_flight
from commands.delivery.set_send_rate import SetSendRate, set_send_rate
from domain.delivery.send_rate_events import RateKind
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.postgres.send_rates import KnownRates, PostgresSendRates
from workers.cli.session import (
    answer,
    as_json,
    asking,
    find_workspace,
    in_workspace,
    session,
    table,
)

everybody = click.option("--everybody", is_flag=True, help="For all workspaces together.")


@click.group("rates")
def rates_group() -> None:
    """Rates of a workspace, a sending domain, a destination, or a lane of both."""


@rates_group.command("list")
@everybody
@in_workspace
@as_json
def list_command(*, everybody: bool, workspace: str | None, as_json: bool) -> None:
    """List the rates that bound a workspace."""
    with session() as adapters:
        scope, known = (
            _scope_of(adapters, workspace, everybody=everybody),
            KnownRates(adapters.pool),
        )
        bounds = {(one.kind, one.key, one.everybodys): one for one in known.in_flight(scope)}
        rates = {(one.kind, one.key, one.everybodys): one for one in known.of(scope)}
    rows = [
        {
            "kind": kind,
            "key": key,
            "rate_per_s": rate.rate_per_s if (rate := rates.get(place)) else None,
            "burst": rate.burst if rate else None,
            "max_in_flight": bound.max_in_flight if (bound := bounds.get(place)) else None,
            "everybodys": everybodys,
        }
        for place in sorted(rates.keys() | bounds.keys())
        for kind, key, everybodys in [place]
    ]
    table(rows, as_json=as_json, empty="nothing is bounded here")


@rates_group.command("in-flight")
@click.argument("kind", type=click.Choice([one.value for one in RateKind]))
@click.argument("max_in_flight", type=click.IntRange(min=0))
@click.option("--key", default="", help="A sending domain, a destination, or both for a lane.")
@everybody
@in_workspace
@as_json
def in_flight_command(
    *,
    kind: str,
    max_in_flight: int,
    key: str,
    everybody: bool,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Let at most MAX_IN_FLIGHT messages of KIND be in flight at once; 0 lifts the bound."""
    with session() as adapters:
        command = BoundInFlight(
            kind=RateKind(kind), key=key, max_in_flight=max_in_flight or None, by_operator=True
        )
        context = asking(_scope_of(adapters, workspace, everybody=everybody))
        position = bound_in_flight(command, context, adapters.log, PostgresSendRates())
    answer({"position": position}, as_json=as_json, text="it holds from the next claim on")


@rates_group.command("set")
@click.argument("kind", type=click.Choice([one.value for one in RateKind]))
@click.argument("rate_per_s", type=click.FloatRange(min=0))
@click.option("--key", default="", help="A sending domain, a destination, or both for a lane.")
@click.option("--burst", type=float, help="At once; by default what a second allows.")
@everybody
@in_workspace
@as_json
def set_command(
    *,
    kind: str,
    rate_per_s: float,
    key: str,
    burst: float | None,
    everybody: bool,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Allow RATE_PER_S messages a second of KIND; 0 lifts the bound."""
    with session() as adapters:
        command = SetSendRate(
            kind=RateKind(kind), key=key, rate_per_s=rate_per_s or None, burst=burst,
            by_operator=True,
        )  # fmt: skip
        context = asking(_scope_of(adapters, workspace, everybody=everybody))
        position = set_send_rate(command, context, adapters.log, PostgresSendRates())
    answer({"position": position}, as_json=as_json, text="it holds from the next claim on")


def _scope_of(adapters: Adapters, workspace: str | None, *, everybody: bool) -> UUID:
    return PLATFORM if everybody else find_workspace(adapters, workspace)
