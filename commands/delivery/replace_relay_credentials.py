"""Log in to a relay with another user name and password, or with none."""

from uuid import UUID

import msgspec

from commands.delivery.add_relay import Credentials, Relays
from commands.ports import EventLog
from domain.delivery import relay as decisions
from domain.delivery.relay import RELAY
from domain.shared.context import Context


class ReplaceRelayCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """None: it is not logged in to any more."""

    relay_id: UUID
    credentials: Credentials | None


def replace_relay_credentials(
    command: ReplaceRelayCredentials, context: Context, log: EventLog, relays: Relays
) -> int:
    """Seal them with the event. Raises InvalidInputError, NotFoundError."""
    relay_id, credentials = command.relay_id, command.credentials
    return log.decide(
        RELAY,
        relay_id,
        lambda relay: decisions.replace_credentials(
            relay, relay_id=relay_id, has_credentials=credentials is not None
        ),
        context,
        effects=lambda _: [relays.replace_credentials(context.workspace_id, relay_id, credentials)],
    )
