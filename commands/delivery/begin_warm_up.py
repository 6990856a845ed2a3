"""Begin the warm-up of a lane that mail is queued for the first time."""

import msgspec

from commands.delivery.lane_ports import Lanes, decide_lane
from commands.ports import EventLog
from domain.delivery import warm_up
from domain.delivery.lane import ALL, LANE, Place, WarmUp
from domain.shared.context import Context

REASON = "the sending domain is new to this destination"


class BeginWarmUp(msgspec.Struct, frozen=True, kw_only=True):
    """`by_default` is what holds for sending domains that nobody said anything about."""

    place: Place
    by_default: bool


def begin_warm_up(command: BeginWarmUp, context: Context, log: EventLog, lanes: Lanes) -> bool:
    """Begin it unless the lane had one, or its domain needs none; tells whether one is wanted."""
    domain = log.state(LANE, Place(command.place.sending_domain, ALL).lane_id, context)
    wanted = domain.warm_up is WarmUp.RUNNING or (
        command.by_default and domain.warm_up is WarmUp.NONE
    )
    if wanted:
        decide_lane(
            command.place,
            context,
            log,
            lanes,
            lambda lane: warm_up.begin_warm_up(lane, command.place, reason=REASON, now=context.now),
        )
    return wanted
