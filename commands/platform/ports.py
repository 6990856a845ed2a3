"""What the commands of operators need from the outside world."""

from typing import Protocol
from uuid import UUID

from commands.ports import Effect
from domain.platform.events import WorkspaceViewingBegan
from domain.platform.kill_switch import KillSwitch, Switch


class Operators(Protocol):
    """Who is an operator, asked at each request."""

    def grant(self, user_id: UUID) -> Effect:
        """Return the effect that makes the person one."""

    def revoke(self, user_id: UUID) -> Effect:
        """Return the effect that ends it."""


class Viewings(Protocol):
    """Which viewing tokens are good."""

    def begin(self, workspace_id: UUID, began: WorkspaceViewingBegan) -> Effect:
        """Return the effect that makes a token good until it expires."""

    def end(self, workspace_id: UUID, viewing_id: UUID) -> Effect:
        """Return the effect that refuses it from now on."""


class KillSwitches(Protocol):
    """What may not be sent now, asked at each claim and before each message."""

    def keep(self, workspace_id: UUID, switch: Switch, state: KillSwitch) -> Effect:
        """Return the effect that stops the mail of this scope, or lets it go on.

        It gives the change the next epoch, which dispatchers confirm.
        """
