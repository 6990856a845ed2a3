"""Look into a workspace as an operator, for a while."""

from datetime import timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from commands.developer.secret import Secret
from commands.platform.ports import Viewings
from commands.ports import EventLog
from domain.platform import viewings as decisions
from domain.platform.events import WorkspaceViewingBegan
from domain.platform.viewings import VIEWING
from domain.shared.context import Context
from domain.shared.errors import NotFoundError, SecretShownError
from domain.tenancy.decider import WORKSPACE

OPERATOR_ACTOR = "operator:"


class BeginViewing(Struct, frozen=True, kw_only=True):
    """Which workspace, why, and for how long; the token is shown once."""

    workspace_id: UUID
    viewing_id: UUID
    operator_id: UUID
    reason: str
    minutes: int
    token: Secret


def begin_viewing(
    command: BeginViewing, context: Context, log: EventLog, viewings: Viewings
) -> int:
    """Record it in the viewed workspace's own log, where its owners find it."""
    workspace_id = command.workspace_id
    inside = as_operator(context, command.operator_id, workspace_id)
    if not log.state(WORKSPACE, workspace_id, inside).exists:
        raise NotFoundError("there is no such workspace")
    began = WorkspaceViewingBegan(
        viewing_id=command.viewing_id,
        operator_id=command.operator_id,
        reason=command.reason,
        token_sha256=command.token.sha256,
        expires_at=context.now + timedelta(minutes=command.minutes),
    )
    position = log.decide(
        VIEWING,
        command.viewing_id,
        lambda viewing: decisions.begin(viewing, began=began, now=context.now),
        inside,
        effects=lambda _: [viewings.begin(workspace_id, began)],
    )
    shown = log.state(VIEWING, command.viewing_id, inside).began
    if shown is None or shown.token_sha256 != command.token.sha256:
        raise SecretShownError(decisions.SHOWN)
    return position


def as_operator(context: Context, operator_id: UUID, workspace_id: UUID) -> Context:
    """Return the context inside the viewed workspace: its log names the operator."""
    return replace(context, workspace_id=workspace_id, actor=f"{OPERATOR_ACTOR}{operator_id}")
