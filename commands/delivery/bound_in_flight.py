"""Bound how many messages are in flight at once, or lift the bound."""

from typing import Protocol
from uuid import UUID

import msgspec

from commands.ports import Effect, EventLog
from domain.delivery import send_rate as decisions
from domain.delivery.send_rate import SEND_RATE, Bounded, rate_id
from domain.delivery.send_rate_events import RateKind
from domain.shared.context import Context
from domain.shared.platform import PLATFORM


class InFlightBounds(Protocol):
    """The bounds that claims look at."""

    def bound(self, workspace_id: UUID, bounded: Bounded, max_in_flight: int | None) -> Effect:
        """Return the effect that makes the bound hold, or lifts it."""


class BoundInFlight(msgspec.Struct, frozen=True, kw_only=True):
    """For what, and how many; None lifts it. In the platform's scope it bounds everybody."""

    kind: RateKind
    key: str = ""
    max_in_flight: int | None
    by_operator: bool = False


def bound_in_flight(
    command: BoundInFlight, context: Context, log: EventLog, bounds: InFlightBounds
) -> int:
    """Record it, so that the next claim takes no more than what is free."""
    workspace_id = context.workspace_id
    bounded = decisions.checked(
        command.kind,
        command.key,
        by_operator=command.by_operator,
        everybodys=workspace_id == PLATFORM,
    )
    return log.decide(
        SEND_RATE,
        rate_id(workspace_id, bounded),
        lambda state: decisions.bound(state, bounded=bounded, max_in_flight=command.max_in_flight),
        context,
        effects=lambda _: [bounds.bound(workspace_id, bounded, command.max_in_flight)],
    )
