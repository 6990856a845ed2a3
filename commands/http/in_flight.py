"""The write route of bounds: how many messages are in flight at once, and for what."""

from litestar import put
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from commands.delivery.bound_in_flight import BoundInFlight, InFlightBounds, bound_in_flight
from commands.ports import EventLog
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.in_flight import NewInFlightBound


@put(
    "/v1/in-flight-bounds",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Bound how many messages are in flight at once",
    tags=["delivery"],
)
def put_in_flight_bound(
    data: JSONBody[NewInFlightBound],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    send_rates: NamedDependency[SkipValidation[InFlightBounds]],
) -> Accepted:
    """Of a sending domain, a destination or a lane; the operator's bounds hold beside it."""
    command = BoundInFlight(kind=data.kind, key=data.key, max_in_flight=data.max_in_flight)
    position = bound_in_flight(command, context, log, send_rates)
    return Accepted(id=context.command_id, position=position)
