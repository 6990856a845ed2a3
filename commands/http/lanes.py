"""Write routes of lanes: what a person says of them, and why."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.delivery.block_lane import BlockLane, block_lane
from commands.delivery.lane_ports import Lanes
from commands.delivery.open_lane import OpenLane, open_lane
from commands.delivery.restart_warm_up import RestartWarmUp, restart_warm_up
from commands.delivery.skip_warm_up import SkipWarmUp, skip_warm_up
from commands.ports import EventLog
from domain.delivery.lane import named_place
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.lanes import LaneTurn


@post(
    "/v1/delivery/lanes/{sending_domain:str}/{destination:str}/block",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Block a lane",
    tags=["delivery"],
)
def post_lane_block(
    sending_domain: FromPath[str],
    destination: FromPath[str],
    data: JSONBody[LaneTurn],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    lanes: NamedDependency[SkipValidation[Lanes]],
) -> Accepted:
    """Its mail waits until somebody opens the lane; either name may be `all`."""
    place = named_place(sending_domain, destination)
    position = block_lane(BlockLane(place=place, reason=data.reason), context, log, lanes)
    return Accepted(id=place.lane_id, position=position)


@post(
    "/v1/delivery/lanes/{sending_domain:str}/{destination:str}/open",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Open a lane",
    tags=["delivery"],
)
def post_lane_open(
    sending_domain: FromPath[str],
    destination: FromPath[str],
    data: JSONBody[LaneTurn],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    lanes: NamedDependency[SkipValidation[Lanes]],
) -> Accepted:
    """What is counted begins anew; 409 for a lane that is open."""
    place = named_place(sending_domain, destination)
    position = open_lane(OpenLane(place=place, reason=data.reason), context, log, lanes)
    return Accepted(id=place.lane_id, position=position)


@post(
    "/v1/delivery/lanes/{sending_domain:str}/{destination:str}/warm-up/skip",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Skip a lane's warm-up",
    tags=["delivery"],
)
def post_warm_up_skip(
    sending_domain: FromPath[str],
    destination: FromPath[str],
    data: JSONBody[LaneTurn],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    lanes: NamedDependency[SkipValidation[Lanes]],
) -> Accepted:
    """Lift its cap; of the destination `all` it holds for each lane of the domain."""
    place = named_place(sending_domain, destination)
    position = skip_warm_up(SkipWarmUp(place=place, reason=data.reason), context, log, lanes)
    return Accepted(id=place.lane_id, position=position)


@post(
    "/v1/delivery/lanes/{sending_domain:str}/{destination:str}/warm-up/restart",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Begin a lane's warm-up",
    tags=["delivery"],
)
def post_warm_up_restart(
    sending_domain: FromPath[str],
    destination: FromPath[str],
    data: JSONBody[LaneTurn],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    lanes: NamedDependency[SkipValidation[Lanes]],
) -> Accepted:
    """Begin at 50 messages an hour; of `all` it holds for each lane of the domain."""
    place = named_place(sending_domain, destination)
    position = restart_warm_up(RestartWarmUp(place=place, reason=data.reason), context, log, lanes)
    return Accepted(id=place.lane_id, position=position)
