"""Write routes of kill switches: stop mail, and let it go on."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from commands.http.ports import Nudge, SignedIn
from commands.platform.begin_viewing import as_operator
from commands.platform.ports import KillSwitches
from commands.platform.resume_sending import ResumeSending, resume_sending
from commands.platform.stop_sending import StopSending, stop_sending
from commands.ports import EventLog
from domain.platform.kill_switch_events import SwitchScope
from domain.shared.context import Context
from domain.shared.errors import InvalidInputError
from domain.shared.platform import PLATFORM
from schemas.http.accepted import Accepted
from schemas.http.kill_switches import OperatorSwitchTurn, SwitchTurn


@post(
    "/v1/kill-switches/stop",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Stop mail of the workspace",
    tags=["delivery"],
)
def post_stop(
    data: JSONBody[SwitchTurn],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    switches: NamedDependency[SkipValidation[KillSwitches]],
    switches_turned: NamedDependency[SkipValidation[Nudge]],
) -> Accepted:
    """Nothing of it is begun within two seconds; see who has confirmed at /v1/kill-switches."""
    command = StopSending(scope=data.scope, key=data.key, reason=data.reason)
    position = stop_sending(command, context, log, switches)
    switches_turned()
    return Accepted(id=context.command_id, position=position)


@post(
    "/v1/kill-switches/resume",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Let mail of the workspace go on",
    tags=["delivery"],
)
def post_resume_sending(
    data: JSONBody[SwitchTurn],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    switches: NamedDependency[SkipValidation[KillSwitches]],
    switches_turned: NamedDependency[SkipValidation[Nudge]],
) -> Accepted:
    """What an operator stopped stays stopped: 409 stopped_by_operator."""
    command = ResumeSending(scope=data.scope, key=data.key, reason=data.reason)
    position = resume_sending(command, context, log, switches)
    switches_turned()
    return Accepted(id=context.command_id, position=position)


@post(
    "/v1/operator/kill-switches/stop",
    status_code=202,
    sync_to_thread=True,
    opt={"operator": True},
    summary="Stop mail of everybody, or of a workspace",
    tags=["operator"],
)
def post_operator_stop(
    data: JSONBody[OperatorSwitchTurn],
    person: NamedDependency[SkipValidation[SignedIn]],
    account_context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    switches: NamedDependency[SkipValidation[KillSwitches]],
    switches_turned: NamedDependency[SkipValidation[Nudge]],
) -> Accepted:
    """The scope `global` stops the system's own mail too; the workspace cannot undo the others."""
    context = _inside(data, person, account_context)
    command = StopSending(scope=data.scope, key=data.key, reason=data.reason, by_operator=True)
    position = stop_sending(command, context, log, switches)
    switches_turned()
    return Accepted(id=context.command_id, position=position)


@post(
    "/v1/operator/kill-switches/resume",
    status_code=202,
    sync_to_thread=True,
    opt={"operator": True},
    summary="Let mail go on that an operator stopped",
    tags=["operator"],
)
def post_operator_resume(
    data: JSONBody[OperatorSwitchTurn],
    person: NamedDependency[SkipValidation[SignedIn]],
    account_context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    switches: NamedDependency[SkipValidation[KillSwitches]],
    switches_turned: NamedDependency[SkipValidation[Nudge]],
) -> Accepted:
    """What the workspace stopped itself stays stopped."""
    context = _inside(data, person, account_context)
    command = ResumeSending(scope=data.scope, key=data.key, reason=data.reason, by_operator=True)
    position = resume_sending(command, context, log, switches)
    switches_turned()
    return Accepted(id=context.command_id, position=position)


def _inside(data: OperatorSwitchTurn, person: SignedIn, context: Context) -> Context:
    """Return the context in whose scope the switch stands."""
    if (data.workspace_id is None) != (data.scope is SwitchScope.GLOBAL):
        raise InvalidInputError("name the `workspace_id`, or choose the scope `global` without one")
    if data.workspace_id == PLATFORM:
        raise InvalidInputError("the platform's own scope is no workspace")
    return as_operator(context, person.user_id, data.workspace_id or PLATFORM)
