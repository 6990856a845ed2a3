"""The vocabulary of kill switches: who stopped which mail, why, and who let it go on."""

from enum import StrEnum
from typing import ClassVar

from domain.shared.model import Event


class SwitchScope(StrEnum):
    """Which mail a kill switch stops."""

    GLOBAL = "global"  # all of the installation, the system's own with it
    WORKSPACE = "workspace"
    CAMPAIGN = "campaign"
    DOMAIN = "domain"  # all mail from one sending domain of a workspace


class SendingStopped(Event, frozen=True):
    """From now on no mail of this scope is begun.

    `key` is the campaign's id or the sending domain, else empty. Who and when stand in the commit.
    A global one stands in the platform's scope, each other in the log of its workspace.
    """

    TAG: ClassVar[str] = "platform.sending_stopped.v1"
    scope: SwitchScope
    key: str
    by_operator: bool
    reason: str


class SendingResumed(Event, frozen=True):
    """Whoever stopped it lets it go on; with `still_stopped` the other one's stop stays."""

    TAG: ClassVar[str] = "platform.sending_resumed.v1"
    scope: SwitchScope
    key: str
    by_operator: bool
    reason: str
    still_stopped: bool = False


KillSwitchEvent = SendingStopped | SendingResumed
EVENTS: tuple[type[Event], ...] = (SendingStopped, SendingResumed)
