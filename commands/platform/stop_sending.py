"""Turn a kill switch on: nothing of its scope is begun from now on."""

from collections.abc import Callable, Sequence
from functools import reduce
from uuid import UUID

import msgspec

from commands.platform.ports import KillSwitches
from commands.ports import EventLog
from domain.campaigns.decider import CAMPAIGN, Status
from domain.platform import kill_switch as decisions
from domain.platform.kill_switch import KILL_SWITCH, KillSwitch, Switch, switch_id
from domain.platform.kill_switch_events import KillSwitchEvent, SwitchScope
from domain.shared.context import Context
from domain.shared.errors import NotFoundError
from domain.tenancy.decider import WORKSPACE


class StopSending(msgspec.Struct, frozen=True, kw_only=True):
    """What, and why; `key` is a campaign's id or a sending domain, else empty.

    It stops in `context.workspace_id`, which is the platform's scope for the global switch.
    """

    scope: SwitchScope
    key: str = ""
    reason: str
    by_operator: bool = False


def stop_sending(
    command: StopSending, context: Context, log: EventLog, switches: KillSwitches
) -> int:
    """Record it with the row that dispatchers ask. Raises NotFoundError when nothing is there."""
    switch = decisions.checked(command.scope, command.key)
    _require_target(switch, context, log)
    by_operator, reason = command.by_operator, command.reason
    return turn(
        switch,
        lambda state: decisions.stop(state, switch=switch, by_operator=by_operator, reason=reason),
        context,
        log,
        switches,
    )


def turn(
    switch: Switch,
    decision: Callable[[KillSwitch], Sequence[KillSwitchEvent]],
    context: Context,
    log: EventLog,
    switches: KillSwitches,
) -> int:
    """Decide about a switch, and keep its new state in the same transaction."""
    before = [KillSwitch()]

    def decide(state: KillSwitch) -> Sequence[KillSwitchEvent]:
        before[0] = state
        return decision(state)

    def keep(events: Sequence[KillSwitchEvent]) -> KillSwitch:
        return reduce(decisions.evolve, events, before[0])

    return log.decide(
        KILL_SWITCH,
        switch_id(context.workspace_id, switch),
        decide,
        context,
        effects=lambda events: [switches.keep(context.workspace_id, switch, keep(events))],
    )


def _require_target(switch: Switch, context: Context, log: EventLog) -> None:
    if switch.scope is SwitchScope.GLOBAL:
        return
    if not log.state(WORKSPACE, context.workspace_id, context).exists:
        raise NotFoundError("there is no such workspace")
    if switch.scope is SwitchScope.CAMPAIGN:
        campaign = log.state(CAMPAIGN, UUID(switch.key), context)
        if campaign.status is Status.ABSENT:
            raise NotFoundError("there is no such campaign in this workspace")
