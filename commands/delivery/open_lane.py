"""Open a lane that is blocked, whatever the rules say."""

import msgspec

from commands.delivery.lane_ports import Lanes, decide_lane
from commands.ports import EventLog
from domain.delivery.lane import Place, open_by_hand
from domain.shared.context import Context


class OpenLane(msgspec.Struct, frozen=True, kw_only=True):
    """Send again at once; what is counted begins anew."""

    place: Place
    reason: str


def open_lane(command: OpenLane, context: Context, log: EventLog, lanes: Lanes) -> int:
    """Raise IllegalTransitionError for a lane that is open, InvalidInputError without a reason."""
    return decide_lane(
        command.place,
        context,
        log,
        lanes,
        lambda lane: open_by_hand(lane, command.place, reason=command.reason, now=context.now),
    )
