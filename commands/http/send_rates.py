"""Write routes of rates: how many messages a second, and for what."""

from litestar import put
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from commands.delivery.set_send_rate import SendRates, SetSendRate, set_send_rate
from commands.http.ports import SignedIn
from commands.platform.begin_viewing import as_operator
from commands.ports import EventLog
from domain.shared.context import Context
from domain.shared.platform import PLATFORM
from schemas.http.accepted import Accepted
from schemas.http.send_rates import NewSendRate, OperatorSendRate


@put(
    "/v1/send-rates",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Bound how fast mail is sent",
    tags=["delivery"],
)
def put_send_rate(
    data: JSONBody[NewSendRate],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    send_rates: NamedDependency[SkipValidation[SendRates]],
) -> Accepted:
    """Of a sending domain, a destination or a lane; the operator's rates hold beside it."""
    command = SetSendRate(
        kind=data.kind, key=data.key, rate_per_s=data.rate_per_s, burst=data.burst
    )
    return Accepted(
        id=context.command_id, position=set_send_rate(command, context, log, send_rates)
    )


@put(
    "/v1/operator/send-rates",
    status_code=202,
    sync_to_thread=True,
    opt={"operator": True},
    summary="Bound how fast mail is sent, for a workspace or for everybody",
    tags=["operator"],
)
def put_operator_send_rate(
    data: JSONBody[OperatorSendRate],
    person: NamedDependency[SkipValidation[SignedIn]],
    account_context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    send_rates: NamedDependency[SkipValidation[SendRates]],
) -> Accepted:
    """The workspace's log says it; what is for everybody stands in the platform's scope."""
    context = as_operator(account_context, person.user_id, data.workspace_id or PLATFORM)
    command = SetSendRate(
        kind=data.kind,
        key=data.key,
        rate_per_s=data.rate_per_s,
        burst=data.burst,
        by_operator=True,
    )
    return Accepted(
        id=context.command_id, position=set_send_rate(command, context, log, send_rates)
    )
