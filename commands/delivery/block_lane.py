"""Block a lane until somebody opens it."""

import msgspec

from commands.delivery.lane_ports import Lanes, decide_lane
from commands.ports import EventLog
from domain.delivery.lane import Place, block_by_hand
from domain.shared.context import Context


class BlockLane(msgspec.Struct, frozen=True, kw_only=True):
    """Hand over nothing; no rule opens it again."""

    place: Place
    reason: str


def block_lane(command: BlockLane, context: Context, log: EventLog, lanes: Lanes) -> int:
    """Raise InvalidInputError without a reason; the same again changes nothing."""
    return decide_lane(
        command.place,
        context,
        log,
        lanes,
        lambda lane: block_by_hand(lane, command.place, reason=command.reason, now=context.now),
    )
