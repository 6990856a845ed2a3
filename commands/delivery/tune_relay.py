"""Change how a relay is used: its share, pace, connections and name."""

from uuid import UUID

import msgspec

from commands.delivery.add_relay import Relays
from commands.delivery.change_relay import change_relay
from commands.ports import EventLog
from domain.delivery import relay as decisions
from domain.shared.context import Context
from domain.shared.platform import PLATFORM


class TuneRelay(msgspec.Struct, frozen=True, kw_only=True):
    """What is None stays as it is; `rate_per_s` 0 is no limit."""

    relay_id: UUID
    label: str | None = None
    rate_per_s: float | None = None
    connections: int | None = None
    messages_per_connection: int | None = None
    weight: int | None = None
    bulk: bool | None = None
    transactional: bool | None = None


def tune_relay(command: TuneRelay, context: Context, log: EventLog, relays: Relays) -> int:
    """Record it with its row. Raises InvalidInputError, NotFoundError."""
    fields = msgspec.structs.asdict(command)
    relay_id: UUID = fields.pop("relay_id")
    shared = context.workspace_id == PLATFORM
    changes = {name: value for name, value in fields.items() if value is not None}
    return change_relay(
        relay_id,
        lambda relay: decisions.tune(relay, relay_id=relay_id, changes=changes, shared=shared),
        context,
        log,
        relays,
    )
