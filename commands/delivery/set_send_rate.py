"""Bound how many messages a second are claimed, or lift the bound."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from commands.ports import Effect, EventLog
from domain.delivery import send_rate as decisions
from domain.delivery.send_rate import SEND_RATE, Bounded, SendRate, rate_id
from domain.delivery.send_rate_events import RateKind, SendRateEvent
from domain.shared.context import Context
from domain.shared.platform import PLATFORM


class SendRates(Protocol):
    """The token buckets that claims take from."""

    def keep(self, workspace_id: UUID, bounded: Bounded, rate: SendRate) -> Effect:
        """Return the effect that sets a bucket's rate, or takes the bucket away."""


class SetSendRate(msgspec.Struct, frozen=True, kw_only=True):
    """For what, and how much; None lifts it. In the platform's scope it bounds everybody."""

    kind: RateKind
    key: str = ""
    rate_per_s: float | None
    burst: float | None = None
    by_operator: bool = False


def set_send_rate(command: SetSendRate, context: Context, log: EventLog, rates: SendRates) -> int:
    """Record it with the bucket, so that the next claim takes from it."""
    workspace_id = context.workspace_id
    bounded = decisions.checked(
        command.kind,
        command.key,
        by_operator=command.by_operator,
        everybodys=workspace_id == PLATFORM,
    )

    def keep(events: Sequence[SendRateEvent]) -> list[Effect]:
        return [rates.keep(workspace_id, bounded, SEND_RATE.fold(list(events)))]

    return log.decide(
        SEND_RATE,
        rate_id(workspace_id, bounded),
        lambda state: decisions.allow(
            state, bounded=bounded, rate_per_s=command.rate_per_s, burst=command.burst
        ),
        context,
        effects=keep,
    )
