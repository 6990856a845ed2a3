"""The write route of the soft-bounce policy."""

from litestar import put
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from commands.delivery.choose_soft_bounce_policy import (
    ChooseSoftBouncePolicy,
    choose_soft_bounce_policy,
)
from commands.ports import EventLog
from domain.delivery import soft_bounces
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.soft_bounces import SoftBouncePolicy


@put(
    "/v1/delivery/soft-bounce-policy",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Choose when soft bounces suppress a person",
    tags=["delivery"],
)
def put_soft_bounce_policy(
    data: JSONBody[SoftBouncePolicy],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
) -> Accepted:
    """It holds for bounces from now on; who is suppressed stays so."""
    policy = soft_bounces.SoftBouncePolicy(
        bounces=data.bounces,
        of_last=data.of_last,
        over_days=data.over_days,
        suppress_days=data.suppress_days,
    )
    position = choose_soft_bounce_policy(ChooseSoftBouncePolicy(policy), context, log)
    return Accepted(id=soft_bounces.policy_stream(context.workspace_id), position=position)
