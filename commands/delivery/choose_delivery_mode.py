"""Choose what happens to a campaign's message when nobody can know whether it went out."""

from typing import Protocol
from uuid import UUID

import msgspec

from commands.ports import Effect, EventLog
from domain.delivery.delivery_mode import DELIVERY_MODE, choose, mode_stream
from domain.delivery.delivery_mode_events import DeliveryMode
from domain.shared.context import Context


class DeliveryModes(Protocol):
    """The choices, as dispatchers and the recovery see them."""

    def choose(self, workspace_id: UUID, bulk: DeliveryMode | None) -> Effect:
        """Return the effect that makes it hold."""


class ChooseDeliveryMode(msgspec.Struct, frozen=True):
    """None: as the installation is set up."""

    bulk: DeliveryMode | None


def choose_delivery_mode(
    command: ChooseDeliveryMode, context: Context, log: EventLog, modes: DeliveryModes
) -> int:
    """Record the choice of the workspace with its row."""
    return log.decide(
        DELIVERY_MODE,
        mode_stream(context.workspace_id),
        lambda state: choose(state, bulk=command.bulk),
        context,
        effects=lambda _: [modes.choose(context.workspace_id, command.bulk)],
    )
