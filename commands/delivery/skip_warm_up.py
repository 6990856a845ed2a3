"""Lift the cap of a lane, or of all lanes of a domain, because somebody vouches for it."""

import msgspec

from commands.delivery.lane_ports import Lanes, decide_lanes
from commands.ports import EventLog
from domain.delivery import warm_up
from domain.delivery.lane import Place
from domain.shared.context import Context


class SkipWarmUp(msgspec.Struct, frozen=True, kw_only=True):
    """The lane is warm already; the reason is kept."""

    place: Place
    reason: str


def skip_warm_up(command: SkipWarmUp, context: Context, log: EventLog, lanes: Lanes) -> int:
    """Decide of the lane; said of `all` of a domain it holds for each lane, now and later.

    Said of the whole workspace it holds for lanes to come of domains of which nobody said anything.
    Raises InvalidInputError without a reason.
    """
    return decide_lanes(
        command.place,
        context,
        log,
        lanes,
        lambda place, lane: warm_up.skip_warm_up(
            lane, place, reason=command.reason, now=context.now
        ),
    )
