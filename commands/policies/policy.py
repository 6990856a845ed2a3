"""What a policy is: events in, commands out; never reset by a rebuild, harmless when repeated."""

from typing import Protocol

from domain.shared.context import Context
from domain.shared.model import Event


class Policy(Protocol):
    """A rule of the form "whenever this, then that"."""

    @property
    def name(self) -> str:
        """The name its cursor is kept under."""

    @property
    def reacts_to(self) -> frozenset[type[Event]]:
        """The events it wants to see."""

    def react(self, event: Event, context: Context) -> None:
        """Issue the command that follows; `context.command_id` is derived from the event."""
