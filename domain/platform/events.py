"""The vocabulary of operators."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.platform.kill_switch_events import EVENTS as KILL_SWITCH_EVENTS
from domain.platform.kill_switch_events import KillSwitchEvent
from domain.shared.model import Event


class ParkedEventSkipped(Event, frozen=True):
    """A read model or a policy goes on without an event that it could not take.

    `follower` is its name, `position` and `event_tag` say which event, `failure` why it could not
    be taken, `reason` why it may be left out. Who and when stand in the commit.
    """

    TAG: ClassVar[str] = "platform.parked_event_skipped.v1"
    follower: str
    position: int
    event_tag: str
    failure: str
    reason: str


class OperatorGranted(Event, frozen=True):
    """A person may look after the installation; in the platform's scope."""

    TAG: ClassVar[str] = "platform.operator_granted.v1"
    user_id: UUID


class OperatorRevoked(Event, frozen=True):
    """The person may not any more; viewings that run are over with it."""

    TAG: ClassVar[str] = "platform.operator_revoked.v1"
    user_id: UUID


class WorkspaceViewingBegan(Event, frozen=True):
    """An operator looks into a workspace for a while, and says why; in that workspace's log."""

    TAG: ClassVar[str] = "platform.workspace_viewing_began.v1"
    viewing_id: UUID
    operator_id: UUID
    reason: str
    token_sha256: str
    expires_at: datetime


class WorkspaceViewingEnded(Event, frozen=True):
    """It was ended before its time."""

    TAG: ClassVar[str] = "platform.workspace_viewing_ended.v1"
    viewing_id: UUID


class WorkspaceViewed(Event, frozen=True):
    """One thing that an operator looked at: which operation, and at which path."""

    TAG: ClassVar[str] = "platform.workspace_viewed.v1"
    viewing_id: UUID
    operation: str
    path: str


OperatorEvent = OperatorGranted | OperatorRevoked
ViewingEvent = WorkspaceViewingBegan | WorkspaceViewingEnded
PlatformEvent = (
    ParkedEventSkipped | OperatorEvent | ViewingEvent | WorkspaceViewed | KillSwitchEvent
)
EVENTS: tuple[type[Event], ...] = (
    ParkedEventSkipped,
    OperatorGranted,
    OperatorRevoked,
    WorkspaceViewingBegan,
    WorkspaceViewingEnded,
    WorkspaceViewed,
    *KILL_SWITCH_EVENTS,
)
