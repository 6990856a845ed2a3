"""What commands about lanes need: the row that the claim asks."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol
from uuid import UUID

from commands.derived import derived
from commands.ports import Effect, EventLog
from domain.delivery.lane import ALL, LANE, Lane, Place
from domain.delivery.lane_events import LaneEvent
from domain.shared.context import Context

Decision = Callable[[Lane], list[LaneEvent]]


class Lanes(Protocol):
    """What the claim asks before it gives out messages."""

    def show(self, workspace_id: UUID, event: LaneEvent) -> Effect:
        """Return the effect that makes the lane's row say what the event says."""

    def of_domain(self, workspace_id: UUID, sending_domain: str) -> Sequence[Place]:
        """Return the lanes of a domain that have a row, but for the domain itself."""


def decide_lane(
    place: Place, context: Context, log: EventLog, lanes: Lanes, decision: Decision
) -> int:
    """Decide, append, and change the row in the same transaction: the next claim obeys."""
    return log.decide(
        LANE,
        place.lane_id,
        decision,
        context,
        effects=lambda events: [
            lanes.show(context.workspace_id, event)
            for event in events
            if isinstance(event, LaneEvent)
        ],
    )


def decide_lanes(
    place: Place,
    context: Context,
    log: EventLog,
    lanes: Lanes,
    decision: Callable[[Place, Lane], list[LaneEvent]],
) -> int:
    """Decide of a lane; said of `all` of a domain, of each lane of it too, a command each."""
    position = decide_lane(place, context, log, lanes, partial(decision, place))
    if place.destination == ALL:
        for one in lanes.of_domain(context.workspace_id, place.sending_domain):
            each = derived(context, one.destination.encode())
            position = decide_lane(one, each, log, lanes, partial(decision, one))
    return position
