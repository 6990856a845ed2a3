"""End a day of a lane's warm-up: the next step, the end, or the same step again."""

import msgspec

from commands.delivery.lane_ports import Lanes, decide_lane
from commands.ports import EventLog
from domain.delivery.lane import Place
from domain.delivery.warm_up import Day, ripen
from domain.shared.context import Context


class RipenLane(msgspec.Struct, frozen=True, kw_only=True):
    """What the lane did in its day."""

    place: Place
    day: Day


def ripen_lane(command: RipenLane, context: Context, log: EventLog, lanes: Lanes) -> int:
    """Decide; before the day is over it changes nothing."""
    return decide_lane(
        command.place,
        context,
        log,
        lanes,
        lambda lane: ripen(lane, command.place, command.day, now=context.now),
    )
