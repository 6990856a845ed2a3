"""The vocabulary of operators."""

from typing import ClassVar

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


PlatformEvent = ParkedEventSkipped
EVENTS: tuple[type[Event], ...] = (ParkedEventSkipped,)
