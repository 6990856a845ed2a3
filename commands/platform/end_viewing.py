"""End an operator's viewing of a workspace before its time."""

from uuid import UUID

import msgspec

from commands.platform.begin_viewing import as_operator
from commands.platform.ports import Viewings
from commands.ports import EventLog
from domain.platform import viewings as decisions
from domain.platform.viewings import VIEWING
from domain.shared.context import Context


class EndViewing(msgspec.Struct, frozen=True, kw_only=True):
    """Which one; any operator may end it."""

    workspace_id: UUID
    viewing_id: UUID
    operator_id: UUID


def end_viewing(command: EndViewing, context: Context, log: EventLog, viewings: Viewings) -> int:
    """Record it; the token is refused from the next request on."""
    return log.decide(
        VIEWING,
        command.viewing_id,
        decisions.end,
        as_operator(context, command.operator_id, command.workspace_id),
        effects=lambda _: [viewings.end(command.workspace_id, command.viewing_id)],
    )
