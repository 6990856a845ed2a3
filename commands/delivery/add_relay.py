"""Let mail go through a relay of a workspace, or of the installation."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from commands.ports import Effect, EventLog
from domain.delivery import relay as decisions
from domain.delivery.relay import RELAY
from domain.delivery.relay_events import RelayAdded, RelayEvent
from domain.shared.context import Context
from domain.shared.platform import PLATFORM


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What the relay knows us by; sealed at once, and never shown again."""

    username: str
    password: str

    def __repr__(self) -> str:
        """Say nothing."""
        return "Credentials(...)"


class Relays(Protocol):
    """The relays that dispatchers know."""

    def add(self, workspace_id: UUID, added: RelayAdded, credentials: Credentials | None) -> Effect:
        """Return the effect that lets dispatchers use it."""

    def replace_credentials(
        self, workspace_id: UUID, relay_id: UUID, credentials: Credentials | None
    ) -> Effect:
        """Return the effect that seals other credentials in place of those that it had."""

    def keep(self, workspace_id: UUID, event: RelayEvent) -> Effect:
        """Return the effect of any later event but RelayCredentialsReplaced."""


class AddRelay(msgspec.Struct, frozen=True, kw_only=True):
    """The relay as its event tells it, and its credentials; shared in the platform's scope."""

    added: RelayAdded
    credentials: Credentials | None = None


def add_relay(command: AddRelay, context: Context, log: EventLog, relays: Relays) -> int:
    """Record it with its row. Raises InvalidInputError naming what is wrong."""
    added, shared = command.added, context.workspace_id == PLATFORM

    def effects(_: Sequence[RelayEvent]) -> Sequence[Effect]:
        return [relays.add(context.workspace_id, added, command.credentials)]

    return log.decide(
        RELAY,
        added.relay_id,
        lambda relay: decisions.add(relay, added=added, shared=shared),
        context,
        effects=effects,
    )
