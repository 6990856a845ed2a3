"""End all memberships of one person, who closes the account: no workspace keeps a ghost."""

from collections.abc import Sequence
from uuid import UUID

from commands.derived import derived
from commands.ports import EventLog
from commands.tenancy.leave_workspace import LeaveWorkspace, leave_workspace
from commands.tenancy.ports import Members
from domain.shared.context import Context
from domain.tenancy import members as decisions
from domain.tenancy.decider import WORKSPACE


def leave_all_workspaces(
    user_id: UUID, workspaces: Sequence[UUID], context: Context, log: EventLog, members: Members
) -> None:
    """Leave each, decided by its own stream: of two last owners who go at once one has to stay.

    Nothing is left as long as one of them would refuse. Raises LastOwnerError.
    """
    contexts = [derived(context, one.bytes, workspace_id=one) for one in workspaces]
    for one in contexts:
        decisions.leave(log.state(WORKSPACE, one.workspace_id, one), user_id=user_id)
    for one in contexts:
        leave_workspace(LeaveWorkspace(user_id=user_id), one, log, members)
