"""Turn a kill switch off: what it stopped goes on where it stood."""

import msgspec

from commands.platform.ports import KillSwitches
from commands.platform.stop_sending import turn
from commands.ports import EventLog
from domain.platform import kill_switch as decisions
from domain.platform.kill_switch_events import SwitchScope
from domain.shared.context import Context


class ResumeSending(msgspec.Struct, frozen=True, kw_only=True):
    """What may go on, and why; see StopSending."""

    scope: SwitchScope
    key: str = ""
    reason: str
    by_operator: bool = False


def resume_sending(
    command: ResumeSending, context: Context, log: EventLog, switches: KillSwitches
) -> int:
    """Record it, and let claims see it. Raises StoppedByOperatorError for whoever is none."""
    switch = decisions.checked(command.scope, command.key)
    by_operator, reason = command.by_operator, command.reason
    return turn(
        switch,
        lambda state: decisions.resume(
            state, switch=switch, by_operator=by_operator, reason=reason
        ),
        context,
        log,
        switches,
    )
