"""The vocabulary of relays: the servers that a workspace, or the installation, hands mail to.

A shared relay's events stand in the platform's scope. User names and passwords are in no event.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.shared.model import Event


class RelayAdded(Event, frozen=True):
    """Mail may go through this server. Its host stays as it is: another host is another relay.

    `tls` is `require`, `implicit` or `may`; a rate of 0 is no limit; weights are against those of
    the other relays that mail could go through.
    """

    TAG: ClassVar[str] = "delivery.relay_added.v1"
    relay_id: UUID
    label: str
    host: str
    port: int
    tls: str
    has_credentials: bool
    rate_per_s: float
    connections: int
    messages_per_connection: int
    weight: int
    may_be_private: bool = False
    """Its address need not be on the public Internet: the operator says so."""
    bulk: bool = True
    transactional: bool = False
    """What it is for: campaigns, and the installation's own mail such as sign-in links."""


class RelayTuned(Event, frozen=True):
    """How it is used changed; every value is as it is from now on."""

    TAG: ClassVar[str] = "delivery.relay_tuned.v1"
    relay_id: UUID
    label: str
    rate_per_s: float
    connections: int
    messages_per_connection: int
    weight: int
    bulk: bool
    transactional: bool


class RelayCredentialsReplaced(Event, frozen=True):
    """It is logged in to with another user name and password, or with none."""

    TAG: ClassVar[str] = "delivery.relay_credentials_replaced.v1"
    relay_id: UUID
    has_credentials: bool


class RelayCheckAsked(Event, frozen=True):
    """Somebody wants to know whether it can be reached and logged in to."""

    TAG: ClassVar[str] = "delivery.relay_check_asked.v1"
    relay_id: UUID


class RelayChecked(Event, frozen=True):
    """A dispatcher connected to it, without sending anything.

    `reason` is empty when all went well, else the stable word of what failed; `codes` are those of
    the server's reply, empty when it gave none.
    """

    TAG: ClassVar[str] = "delivery.relay_checked.v1"
    relay_id: UUID
    reason: str
    codes: str


class RelayEnabled(Event, frozen=True):
    """Mail may go through it again."""

    TAG: ClassVar[str] = "delivery.relay_enabled.v1"
    relay_id: UUID


class RelayDisabled(Event, frozen=True):
    """Nothing is begun through it any more, within two seconds."""

    TAG: ClassVar[str] = "delivery.relay_disabled.v1"
    relay_id: UUID


class RelayRemoved(Event, frozen=True):
    """It is gone with its user name and password."""

    TAG: ClassVar[str] = "delivery.relay_removed.v1"
    relay_id: UUID


class RelayOpened(Event, frozen=True):
    """Its breaker opened: nothing goes through it before one probe does, at `next_probe_at`.

    `evidence` is what the connection met, a stable word with the reply's code; `trips` counts the
    openings that followed upon each other: each pause is longer than the last.
    """

    TAG: ClassVar[str] = "delivery.relay_opened.v1"
    relay_id: UUID
    evidence: str
    trips: int
    next_probe_at: datetime


class RelayProbed(Event, frozen=True):
    """One dispatcher sends one message through it, and has until `until` to say how it went."""

    TAG: ClassVar[str] = "delivery.relay_probed.v1"
    relay_id: UUID
    prober: UUID
    until: datetime


class RelayClosed(Event, frozen=True):
    """The probe was answered: its breaker closed, mail goes through it again, slowly at first."""

    TAG: ClassVar[str] = "delivery.relay_closed.v1"
    relay_id: UUID


RelayEvent = (
    RelayAdded
    | RelayTuned
    | RelayCredentialsReplaced
    | RelayCheckAsked
    | RelayChecked
    | RelayEnabled
    | RelayDisabled
    | RelayRemoved
    | RelayOpened
    | RelayProbed
    | RelayClosed
)
EVENTS: tuple[type[Event], ...] = (
    RelayAdded,
    RelayTuned,
    RelayCredentialsReplaced,
    RelayCheckAsked,
    RelayChecked,
    RelayEnabled,
    RelayDisabled,
    RelayRemoved,
    RelayOpened,
    RelayProbed,
    RelayClosed,
)
