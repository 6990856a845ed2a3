"""Write routes of single messages."""

from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.delivery.ports import UncertainMessages
from commands.delivery.resolve_uncertain import ResolveUncertain, resolve_uncertain
from commands.ports import EventLog
from domain.delivery.outcome_events import Resolution
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.dead_letters import Answer


@post(
    "/v1/messages/{message_id:uuid}/resolution",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Say what became of an uncertain message",
    tags=["messages"],
)
def post_resolution(
    message_id: FromPath[UUID],
    data: JSONBody[Answer],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    uncertain: NamedDependency[SkipValidation[UncertainMessages]],
) -> Accepted:
    """Resolve it: delivered, lost, or resend, which queues it again: it may arrive twice."""
    command = ResolveUncertain(
        message_id=message_id, resolution=Resolution(data.as_), reason=data.reason
    )
    return Accepted(id=message_id, position=resolve_uncertain(command, context, log, uncertain))
