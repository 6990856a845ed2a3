"""The write route of delivery modes."""

from litestar import put
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from commands.delivery.choose_delivery_mode import (
    ChooseDeliveryMode,
    DeliveryModes,
    choose_delivery_mode,
)
from commands.ports import EventLog
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.delivery_mode import NewDeliveryMode


@put(
    "/v1/delivery/mode",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Choose at most once or at least once",
    tags=["delivery"],
)
def put_delivery_mode(
    data: JSONBody[NewDeliveryMode],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    delivery_modes: NamedDependency[SkipValidation[DeliveryModes]],
) -> Accepted:
    """For campaigns; it holds for every message that is in doubt from now on."""
    position = choose_delivery_mode(ChooseDeliveryMode(data.bulk), context, log, delivery_modes)
    return Accepted(id=context.command_id, position=position)
