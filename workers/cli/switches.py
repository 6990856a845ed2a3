"""`engine switches`: stop mail, see who has stopped, and let it go on."""

from uuid import UUID

import click
import msgspec

from commands.platform.resume_sending import ResumeSending, resume_sending
from commands.platform.stop_sending import StopSending, stop_sending
from domain.platform.kill_switch_events import SwitchScope
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.postgres.kill_switches import KillSwitchBoard, PostgresKillSwitches
from schemas.messages import SWITCHES
from workers.cli.session import (
    answer,
    as_json,
    asking,
    find_workspace,
    in_workspace,
    session,
    table,
)

scope = click.argument("scope", type=click.Choice([one.value for one in SwitchScope]))
key = click.option("--key", default="", help="The campaign's id, or the sending domain.")
reason = click.option("--reason", required=True, help="Why: whoever looks for it reads that.")


@click.group("switches")
def switches_group() -> None:
    """Kill switches, as an operator: global, of a workspace, a campaign, a sending domain."""


@switches_group.command("list")
@as_json
def list_command(*, as_json: bool) -> None:
    """List what is stopped, and how many dispatchers have confirmed it."""
    with session() as adapters:
        found = KillSwitchBoard(adapters.pool).everywhere()
    rows = [msgspec.to_builtins(one) for one in found]
    table(rows, as_json=as_json, empty="nothing is stopped")


@switches_group.command("stop")
@scope
@key
@reason
@in_workspace
@as_json
def stop_command(
    *, scope: str, key: str, reason: str, workspace: str | None, as_json: bool
) -> None:
    """Begin no mail of SCOPE any more; the workspace cannot undo it."""
    with session() as adapters:
        command = StopSending(scope=SwitchScope(scope), key=key, reason=reason, by_operator=True)
        context = asking(_scope_of(adapters, command.scope, workspace))
        position = stop_sending(command, context, adapters.log, PostgresKillSwitches())
        adapters.waker.wake(SWITCHES)
    answer({"position": position}, as_json=as_json, text="stopped: `engine switches list` says who")


@switches_group.command("resume")
@scope
@key
@reason
@in_workspace
@as_json
def resume_command(
    *, scope: str, key: str, reason: str, workspace: str | None, as_json: bool
) -> None:
    """Let mail of SCOPE go on that an operator stopped."""
    with session() as adapters:
        command = ResumeSending(scope=SwitchScope(scope), key=key, reason=reason, by_operator=True)
        context = asking(_scope_of(adapters, command.scope, workspace))
        position = resume_sending(command, context, adapters.log, PostgresKillSwitches())
        adapters.waker.wake(SWITCHES)
    answer({"position": position}, as_json=as_json, text="goes on, unless the workspace stopped it")


def _scope_of(adapters: Adapters, scope: SwitchScope, workspace: str | None) -> UUID:
    return PLATFORM if scope is SwitchScope.GLOBAL else find_workspace(adapters, workspace)
