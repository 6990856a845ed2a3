"""Begin the warm-up of a lane, or of all lanes of a domain, from its first step."""

import msgspec

from commands.delivery.lane_ports import Lanes, decide_lanes
from commands.ports import EventLog
from domain.delivery import warm_up
from domain.delivery.lane import Place
from domain.shared.context import Context


class RestartWarmUp(msgspec.Struct, frozen=True, kw_only=True):
    """The lane is to be warmed up, whatever was before."""

    place: Place
    reason: str


def restart_warm_up(command: RestartWarmUp, context: Context, log: EventLog, lanes: Lanes) -> int:
    """Decide of the lane; said of `all` of a domain it holds for each lane, now and later.

    Said of the whole workspace it holds for lanes to come of domains of which nobody said anything.
    Raises InvalidInputError without a reason.
    """
    return decide_lanes(
        command.place,
        context,
        log,
        lanes,
        lambda place, _: warm_up.restart_warm_up(place, reason=command.reason, now=context.now),
    )
