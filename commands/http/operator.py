"""Write routes of operators: look into a workspace, and stop."""

from datetime import timedelta
from uuid import UUID

from litestar import delete, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.developer.secret import Secret
from commands.http.ports import NewToken, SignedIn
from commands.platform.begin_viewing import BeginViewing, begin_viewing
from commands.platform.end_viewing import EndViewing, end_viewing
from commands.platform.ports import Viewings
from commands.ports import EventLog
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.operator import NewViewing, ShownViewing


@post(
    "/v1/operator/workspaces/{workspace_id:uuid}/viewings",
    status_code=202,
    sync_to_thread=True,
    opt={"operator": True},
    summary="Look into a workspace",
    tags=["operator"],
)
def post_viewing(
    workspace_id: FromPath[UUID],
    data: JSONBody[NewViewing],
    person: NamedDependency[SkipValidation[SignedIn]],
    account_context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    log: NamedDependency[SkipValidation[EventLog]],
    viewings: NamedDependency[SkipValidation[Viewings]],
    new_token: NamedDependency[SkipValidation[NewToken]],
) -> ShownViewing:
    """Show a token that reads what a viewer reads; the workspace's log says who, when and what."""
    token = Secret(f"ev_{new_token()}")
    command = BeginViewing(
        workspace_id=workspace_id,
        viewing_id=new_id,
        operator_id=person.user_id,
        reason=data.reason,
        minutes=data.minutes,
        token=token,
    )
    position = begin_viewing(command, account_context, log, viewings)
    expires_at = account_context.now + timedelta(minutes=data.minutes)
    return ShownViewing(id=new_id, position=position, token=token.text, expires_at=expires_at)


@delete(
    "/v1/operator/workspaces/{workspace_id:uuid}/viewings/{viewing_id:uuid}",
    status_code=202,
    sync_to_thread=True,
    opt={"operator": True},
    summary="Stop looking into a workspace",
    tags=["operator"],
)
def delete_viewing(
    workspace_id: FromPath[UUID],
    viewing_id: FromPath[UUID],
    person: NamedDependency[SkipValidation[SignedIn]],
    account_context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    viewings: NamedDependency[SkipValidation[Viewings]],
) -> Accepted:
    """Its token is refused from the next request on."""
    command = EndViewing(
        workspace_id=workspace_id, viewing_id=viewing_id, operator_id=person.user_id
    )
    return Accepted(id=viewing_id, position=end_viewing(command, account_context, log, viewings))
