"""Let the breaker of a lane decide what follows from what was counted."""

import msgspec

from commands.delivery.lane_ports import Lanes, decide_lane
from commands.ports import EventLog
from domain.delivery import breaker
from domain.delivery.lane import Place
from domain.delivery.reputation import Window
from domain.delivery.reputation_rules import RULES, Rules
from domain.shared.context import Context


class LookAtLane(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted of the lane, and how many of its probes nobody took yet."""

    place: Place
    window: Window
    probes_left: int = 0


def look_at_lane(
    command: LookAtLane, context: Context, log: EventLog, lanes: Lanes, *, rules: Rules = RULES
) -> int:
    """Decide; asked again with the same counts it changes nothing."""
    return decide_lane(
        command.place,
        context,
        log,
        lanes,
        lambda lane: breaker.look(
            lane,
            command.place,
            command.window,
            left=command.probes_left,
            now=context.now,
            rules=rules,
        ),
    )
