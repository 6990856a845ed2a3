"""`engine rates`: how many messages a second may be sent, and for what."""

from uuid import UUID

import click
import msgspec

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
        found = KnownRates(adapters.pool).of(_scope_of(adapters, workspace, everybody=everybody))
    rows = [msgspec.to_builtins(one) for one in found]
    table(rows, as_json=as_json, empty="nothing is bounded here")


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
