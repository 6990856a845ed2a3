"""`engine lanes`: what may be sent to which mailbox provider, why, and what a person says of it."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from commands.delivery.block_lane import BlockLane, block_lane
from commands.delivery.open_lane import OpenLane, open_lane
from commands.delivery.restart_warm_up import RestartWarmUp, restart_warm_up
from commands.delivery.skip_warm_up import SkipWarmUp, skip_warm_up
from domain.delivery.lane import Place, named_place
from infra.bootstrap import Adapters
from infra.postgres.lane_readouts import lanes_shown
from infra.postgres.lanes import PostgresLanes
from infra.postgres.message_stories import ScopedReads
from schemas.http.lanes import Lane
from workers.cli.session import (
    answer,
    as_json,
    asking,
    find_workspace,
    in_workspace,
    session,
    table,
)

F = TypeVar("F", bound=Callable[..., Any])
reason = click.option("--reason", required=True, help="Why: whoever looks for it reads that.")


def lane(command: F) -> F:
    """Add the arguments that name one; `all` stands for every one."""
    for name in ("destination", "domain"):
        command = click.argument(name)(command)
    return command


@click.group("lanes")
def lanes_group() -> None:
    """Lanes: a sending DOMAIN and a DESTINATION such as google; either may be `all`."""


@lanes_group.command("list")
@in_workspace
@as_json
def list_command(*, workspace: str | None, as_json: bool) -> None:
    """List the lanes that were decided of; the others are open and have no cap."""
    with session() as adapters:
        found = _shown(adapters, workspace)
    rows = [msgspec.to_builtins(one) if as_json else _row(one) for one in found]
    table(rows, as_json=as_json, empty="every lane is open and has no cap")


@lanes_group.command("show")
@lane
@in_workspace
@as_json
def show_command(*, domain: str, destination: str, workspace: str | None, as_json: bool) -> None:
    """Tell whether a lane sends, how much, why, and when it may send more."""
    with session() as adapters:
        place = named_place(domain, destination)
        found = [one for one in _shown(adapters, workspace) if one.lane_id == place.lane_id]
    if not found:
        raise click.ClickException("nothing was decided of this lane: it is open and has no cap")
    shown = msgspec.to_builtins(found[0])
    lines = [f"{name}: {value}" for name, value in _row(found[0]).items()]
    lines += [f"needs: {need}" for need in found[0].warm_up.next_step_needs]
    answer(shown, as_json=as_json, text="\n".join(lines))


@lanes_group.command("block")
@lane
@reason
@in_workspace
@as_json
def block_command(*, reason: str, **given: Any) -> None:  # noqa: ANN401 - the lane
    """Hand over nothing of it until somebody opens it."""
    _say(given, lambda place, *rest: block_lane(BlockLane(place=place, reason=reason), *rest))


@lanes_group.command("open")
@lane
@reason
@in_workspace
@as_json
def open_command(*, reason: str, **given: Any) -> None:  # noqa: ANN401 - the lane
    """Let a blocked or probing lane send again; what is counted begins anew."""
    _say(given, lambda place, *rest: open_lane(OpenLane(place=place, reason=reason), *rest))


@lanes_group.command("skip-warm-up")
@lane
@reason
@in_workspace
@as_json
def skip_command(*, reason: str, **given: Any) -> None:  # noqa: ANN401 - the lane
    """Lift its cap; of `all` of a domain it holds for every lane of it, now and later."""
    _say(given, lambda place, *rest: skip_warm_up(SkipWarmUp(place=place, reason=reason), *rest))


@lanes_group.command("restart-warm-up")
@lane
@reason
@in_workspace
@as_json
def restart_command(*, reason: str, **given: Any) -> None:  # noqa: ANN401 - the lane
    """Begin at 50 messages an hour; of `all` of a domain for every lane of it, now and later."""
    _say(
        given,
        lambda place, *rest: restart_warm_up(RestartWarmUp(place=place, reason=reason), *rest),
    )


def _say(given: dict[str, Any], verb: Callable[..., int]) -> None:
    with session() as adapters:
        place = named_place(given["domain"], given["destination"])
        context = asking(find_workspace(adapters, given["workspace"]))
        position = verb(place, context, adapters.log, PostgresLanes(adapters.pool))
    answer(
        {"lane_id": place.lane_id, "position": position},
        as_json=given["as_json"],
        text=f"done: `engine lanes show {_named(place)}` tells what holds now",
    )


def _named(place: Place) -> str:
    return f"{place.sending_domain} {place.destination}"


def _shown(adapters: Adapters, workspace: str | None) -> list[Lane]:
    return lanes_shown(ScopedReads(adapters.pool, find_workspace(adapters, workspace)))


def _row(one: Lane) -> dict[str, Any]:
    warm_up = one.warm_up
    return {
        "domain": one.sending_domain,
        "destination": one.destination,
        "state": one.state,
        "until": one.until,
        "warm_up": warm_up.state,
        "allowed_now": warm_up.allowed_now,
        "per_hour": warm_up.allowed_per_hour,
        "next_step_at": warm_up.next_step_at,
        "why": one.reason or one.warning or warm_up.reason,
    }
