"""Begin the warm-up of a lane that mail is queued for the first time."""

import msgspec

from commands.delivery.lane_ports import Lanes, decide_lane
from commands.ports import EventLog
from domain.delivery import warm_up
from domain.delivery.lane import LANE, Place
from domain.shared.context import Context

REASON = "the sending domain is new to this destination"


class BeginWarmUp(msgspec.Struct, frozen=True, kw_only=True):
    """`by_default` is what holds where nobody said anything of the domain or the workspace."""

    place: Place
    by_default: bool


def begin_warm_up(command: BeginWarmUp, context: Context, log: EventLog, lanes: Lanes) -> bool:
    """Begin it unless the lane had one, or somebody said that none is needed; tells whether."""
    _, *wider = (log.state(LANE, place.lane_id, context) for place in command.place.within())
    wanted = warm_up.is_wanted(*wider, by_default=command.by_default)
    if wanted:
        decide_lane(
            command.place,
            context,
            log,
            lanes,
            lambda lane: warm_up.begin_warm_up(lane, command.place, reason=REASON, now=context.now),
        )
    return wanted
