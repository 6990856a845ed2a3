"""Begin the warm-up of a lane, or of all lanes of a domain, from its first step."""

import msgspec

from commands.delivery.lane_ports import Lanes, decide_lane
from commands.derived import derived
from commands.ports import EventLog
from domain.delivery import warm_up
from domain.delivery.lane import ALL, Place
from domain.shared.context import Context


class RestartWarmUp(msgspec.Struct, frozen=True, kw_only=True):
    """The lane is to be warmed up, whatever was before."""

    place: Place
    reason: str


def restart_warm_up(command: RestartWarmUp, context: Context, log: EventLog, lanes: Lanes) -> int:
    """Decide of the lane; said of `all` of a domain it holds for each lane, now and later.

    Raises InvalidInputError without a reason, and for the whole workspace.
    """
    warm_up.require_domain(command.place)

    def decide(place: Place, context: Context) -> int:
        return decide_lane(
            place,
            context,
            log,
            lanes,
            lambda _: warm_up.restart_warm_up(place, reason=command.reason, now=context.now),
        )

    position = decide(command.place, context)
    if command.place.destination == ALL:
        for place in lanes.of_domain(context.workspace_id, command.place.sending_domain):
            position = decide(place, derived(context, place.destination.encode()))
    return position
