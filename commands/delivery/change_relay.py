"""Whatever is decided about a relay that is there: its row follows in the same transaction."""

from collections.abc import Callable, Sequence
from uuid import UUID

from commands.delivery.add_relay import Relays
from commands.ports import EventLog
from domain.delivery import relay as decisions
from domain.delivery.relay import RELAY, Relay
from domain.delivery.relay_events import RelayEvent
from domain.shared.context import Context


def change_relay(
    relay_id: UUID,
    decision: Callable[[Relay], Sequence[RelayEvent]],
    context: Context,
    log: EventLog,
    relays: Relays,
) -> int:
    """Decide and keep what was decided."""
    return log.decide(
        RELAY,
        relay_id,
        decision,
        context,
        effects=lambda events: [relays.keep(context.workspace_id, event) for event in events],
    )


def enable_relay(relay_id: UUID, context: Context, log: EventLog, relays: Relays) -> int:
    """Use it again. Raises NotFoundError."""
    return change_relay(
        relay_id, lambda relay: decisions.enable(relay, relay_id=relay_id), context, log, relays
    )


def disable_relay(relay_id: UUID, context: Context, log: EventLog, relays: Relays) -> int:
    """Begin nothing through it any more. Raises NotFoundError."""
    return change_relay(
        relay_id, lambda relay: decisions.disable(relay, relay_id=relay_id), context, log, relays
    )


def remove_relay(relay_id: UUID, context: Context, log: EventLog, relays: Relays) -> int:
    """Forget it with its credentials. Raises NotFoundError."""
    return change_relay(
        relay_id, lambda relay: decisions.remove(relay, relay_id=relay_id), context, log, relays
    )


def ask_relay_check(relay_id: UUID, context: Context, log: EventLog, relays: Relays) -> int:
    """Have a dispatcher connect to it within seconds. Raises NotFoundError."""
    return change_relay(
        relay_id, lambda relay: decisions.ask_check(relay, relay_id=relay_id), context, log, relays
    )
