"""An operator looks into a workspace: with a reason, for an hour at most, changing nothing."""

from datetime import datetime, timedelta
from typing import assert_never

import msgspec

from domain.platform.events import ViewingEvent, WorkspaceViewingBegan, WorkspaceViewingEnded
from domain.shared.errors import InvalidInputError, NotFoundError, SecretShownError
from domain.shared.model import StreamModel

LONGEST = timedelta(minutes=60)
SHOWN = "this request was done before, and its token shown then: begin anew"


class Viewing(msgspec.Struct, frozen=True):
    """What later decisions need to know."""

    began: WorkspaceViewingBegan | None = None
    ended: bool = False


def begin(
    viewing: Viewing, *, began: WorkspaceViewingBegan, now: datetime
) -> list[WorkspaceViewingBegan]:
    """Let the operator look. Raises InvalidInputError without a reason, or for too long."""
    if viewing.began is not None:
        raise SecretShownError(SHOWN)
    if not began.reason.strip():
        raise InvalidInputError("say why you look into the workspace: its owners read it")
    if not now < began.expires_at <= now + LONGEST:
        raise InvalidInputError("a viewing lasts from a minute to an hour")
    return [msgspec.structs.replace(began, reason=began.reason.strip())]


def end(viewing: Viewing) -> list[WorkspaceViewingEnded]:
    """End it before its time; says nothing the second time. Raises NotFoundError."""
    if viewing.began is None:
        raise NotFoundError("there is no such viewing of this workspace")
    return [] if viewing.ended else [WorkspaceViewingEnded(viewing_id=viewing.began.viewing_id)]


def evolve(viewing: Viewing, event: ViewingEvent) -> Viewing:
    """Fold one fact."""
    match event:
        case WorkspaceViewingBegan():
            return Viewing(began=event)
        case WorkspaceViewingEnded():
            return msgspec.structs.replace(viewing, ended=True)
        case _:
            assert_never(event)


VIEWING: StreamModel[Viewing, ViewingEvent] = StreamModel(
    name="viewing", initial=Viewing(), evolve=evolve
)
